/* What the derivatives need in int16, in which those of 8 bits are exact, with twice the lanes of float. */

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

static void R(read_row)(REAL *restrict to, const uint8_t *from, SampleType type, ptrdiff_t first, ptrdiff_t count)
{
    assert(type == U8);
    (void)type;
    for (ptrdiff_t i = 0; i < count; i++)
        to[i] = from[first + i];
}

/* Write what is asked for of derivatives, as float. */
static void R(maps)(const GradientCall *call, ptrdiff_t plane, ptrdiff_t y, ptrdiff_t first, const REAL *gx,
                    const REAL *gy, float *spare, ptrdiff_t count)
{
    float *x = spare + count, *y_ = x + count;
    read_row_float(x, gx, I16, 0, count);
    read_row_float(y_, gy, I16, 0, count);
    maps_float(call, plane, y, first, x, y_, spare, count);
}
