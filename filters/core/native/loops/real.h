/* Common definitions for one type of sums, REAL: converting rows to and from it. */

#include "lanes.h"

#define MASK __typeof__((VECTOR){0} > (VECTOR){0})

/* Convert the samples of a row, from *first*, to REAL. */
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
    /* Multiplying by the inverse of a power of two is exact. */
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

/* Take *yes* where the mask is set, else *no*. */
static inline VECTOR R(select)(MASK mask, VECTOR yes, VECTOR no)
{
    return (VECTOR)(((MASK)yes & mask) | ((MASK)no & ~mask));
}

/* Return the first aligned address for a vector. */
static inline VECTOR *R(aligned)(void *memory)
{
    return (VECTOR *)(((uintptr_t)memory + sizeof(VECTOR) - 1) & -sizeof(VECTOR));
}

/* Write the transpose of four rows of four samples; they pass through registers, in half the time of one by one. */
static inline void R(transpose_four)(REAL *restrict to, ptrdiff_t to_pitch, const REAL *restrict from, ptrdiff_t pitch)
{
    typedef REAL Four __attribute__((vector_size(4 * sizeof(REAL))));
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
    Four rows[4], columns[4];
    for (ptrdiff_t i = 0; i < 4; i++)
        memcpy(&rows[i], from + i * pitch, sizeof(Four));
    const Four a = LOW(rows[0], rows[2]), b = LOW(rows[1], rows[3]), c = HIGH(rows[0], rows[2]),
               d = HIGH(rows[1], rows[3]);
    columns[0] = LOW(a, b), columns[1] = HIGH(a, b), columns[2] = LOW(c, d), columns[3] = HIGH(c, d);
    for (ptrdiff_t i = 0; i < 4; i++)
        memcpy(to + i * to_pitch, &columns[i], sizeof(Four));
#undef LOW
#undef HIGH
}

/* Split *count* pixels of *step* interleaved channels into planes, *pitch* apart; *spare* has room for all. */
static inline void R(read_pixels)(REAL *restrict to, ptrdiff_t pitch, const Array *in, ptrdiff_t step, ptrdiff_t y,
                                  ptrdiff_t first, ptrdiff_t count, REAL *restrict spare)
{
    if (step == 1) {
        for (ptrdiff_t plane = 0; plane < in->planes; plane++)
            R(read_row)(to + plane * pitch, row_of(in, plane, y), in->type, first, count);
        return;
    }
    R(read_row)(spare, row_of(in, 0, y), in->type, first * step, count * step);
    if (step == 3) /* a constant, for which the compiler has shuffles: a fifth of the time */
        for (ptrdiff_t x = 0; x < count; x++) {
            to[x] = spare[3 * x];
            to[pitch + x] = spare[3 * x + 1];
            to[2 * pitch + x] = spare[3 * x + 2];
        }
    else
        for (ptrdiff_t c = 0; c < step; c++)
            for (ptrdiff_t x = 0; x < count; x++)
                to[c * pitch + x] = spare[x * step + c];
}

/* Write planes of *count* pixels to a row of *step* interleaved channels; see write_row. */
static inline void R(write_pixels)(const Array *out, ptrdiff_t step, ptrdiff_t y, ptrdiff_t first, ptrdiff_t count,
                                   const REAL *restrict from, ptrdiff_t pitch, REAL *restrict spare)
{
    if (step == 1) {
        for (ptrdiff_t plane = 0; plane < out->planes; plane++)
            R(write_row)(row_of(out, plane, y), out->type, first, from + plane * pitch, count, 1);
        return;
    }
    if (step == 3)
        for (ptrdiff_t x = 0; x < count; x++) {
            spare[3 * x] = from[x];
            spare[3 * x + 1] = from[pitch + x];
            spare[3 * x + 2] = from[2 * pitch + x];
        }
    else
        for (ptrdiff_t c = 0; c < step; c++)
            for (ptrdiff_t x = 0; x < count; x++)
                spare[x * step + c] = from[c * pitch + x];
    R(write_row)(row_of(out, 0, y), out->type, first * step, spare, count * step, 1);
}
