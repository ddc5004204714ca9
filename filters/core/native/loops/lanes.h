/* Common definitions for one type of samples, REAL: its names, and loading and storing vectors. */

#define R(name) JOIN(name, REAL)

static inline VECTOR R(load)(const REAL *from)
{
    VECTOR v;
    memcpy(&v, from, sizeof v);
    return v;
}

static inline void R(store)(REAL *to, VECTOR v)
{
    memcpy(to, &v, sizeof v);
}
