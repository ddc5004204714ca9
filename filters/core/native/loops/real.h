/* What the loops need for one type of sums, REAL: loads, stores, and rows in and out of it. */

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

/* Turn the samples of a row, from *first*, into REAL. */
static void R(read_row)(REAL *restrict to, const void *from, SampleType type, ptrdiff_t first, ptrdiff_t count)
{
#define CASE(name, type_)                             \
    case name: {                                      \
        const type_ *samples = (const type_ *)from + first; \
        for (ptrdiff_t i = 0; i < count; i++)         \
            to[i] = (REAL)samples[i];                 \
        break;                                        \
    }
    switch (type) {
        CASE(U8, uint8_t)
        CASE(U16, uint16_t)
        CASE(I16, int16_t)
        CASE(I32, int32_t)
        CASE(F32, float)
        CASE(F64, double)
    }
#undef CASE
}

/* Write sums to a row, from *first*: divided, and in 8 and 16 bits rounded half up and saturated. NaN becomes 0 there. */
static void R(write_row)(void *to, SampleType type, ptrdiff_t first, const REAL *restrict from, ptrdiff_t count,
                         REAL divisor)
{
#define ROUNDED(name, type_, most)                                 \
    case name: {                                                   \
        type_ *samples = (type_ *)to + first;                      \
        for (ptrdiff_t i = 0; i < count; i++) {                    \
            REAL value = from[i] / divisor + (REAL)0.5;            \
            value = value > 0 ? value : 0;                         \
            samples[i] = (type_)(int32_t)(value < most ? value : most); \
        }                                                          \
        break;                                                     \
    }
#define COPIED(name, type_)                         \
    case name: {                                    \
        type_ *samples = (type_ *)to + first;       \
        for (ptrdiff_t i = 0; i < count; i++)       \
            samples[i] = (type_)(from[i] / divisor); \
        break;                                      \
    }
    switch (type) {
        ROUNDED(U8, uint8_t, 255)
        ROUNDED(U16, uint16_t, 65535)
        COPIED(I16, int16_t)
        COPIED(I32, int32_t)
        COPIED(F32, float)
        COPIED(F64, double)
    }
#undef ROUNDED
#undef COPIED
}
