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
    /* A product with the inverse is as exact as a division by a power of two. */
    int exponent;
    const REAL inverse = 1 / divisor, factor = fabs(frexp((double)inverse, &exponent)) == 0.5 ? inverse : 0;
    ptrdiff_t i = 0;
#define QUOTIENT (factor != 0 ? from[i] * factor : from[i] / divisor)
#define ROUNDED(type_, most)                                      \
    for (type_ *samples = (type_ *)to + first; i < count; i++) {  \
        REAL value = QUOTIENT + (REAL)0.5;                        \
        value = value > 0 ? value : 0;                            \
        samples[i] = (type_)(int32_t)(value < most ? value : most); \
    }
#define CUT(type_)                                              \
    for (type_ *samples = (type_ *)to + first; i < count; i++) \
        samples[i] = (type_)QUOTIENT;
    switch (type) {
    case U8:
        if (sizeof(REAL) == sizeof(float))
            for (; i + VECTOR_BYTES <= count; i += VECTOR_BYTES)
                write_u8((uint8_t *)to + first + i, (const float *)(const void *)(from + i), (float)divisor,
                         (float)factor);
        ROUNDED(uint8_t, 255)
        break;
    case U16: ROUNDED(uint16_t, 65535) break;
    case I16: CUT(int16_t) break;
    case I32: CUT(int32_t) break;
    case F32: CUT(float) break;
    case F64: CUT(double) break;
    }
#undef QUOTIENT
#undef ROUNDED
#undef CUT
}
