/* What each primitive is given, and the table of all of them for one instruction set.

   Sizes are checked by the bindings before a primitive is called; the loops only assert them. */

#ifndef IMFILTER_CALLS_H
#define IMFILTER_CALLS_H

#include <stdint.h>

#include "arrays.h"

/* A primitive returns 0, or NO_MEMORY where it finds none. It is called without the GIL. */

typedef struct {
    Array in, out;
    const double *column, *row; /* the taps */
    ptrdiff_t height, width;    /* how many */
    ptrdiff_t down, across;     /* rows and samples from a tap to the next */
    double divisor;
} SeparableCall;

typedef struct {
    int32_t width, height, x, y;
} Rectangle;

typedef struct {
    Array in, out;
    const Rectangle *rectangles; /* sorted: the narrowest first, of one width the lowest */
    ptrdiff_t count;
    ptrdiff_t height, width; /* of the window that holds them */
    ptrdiff_t down, across;  /* rows and samples from a sample of it to the next */
    int greatest, ignoring;  /* the maxima; NaN counts nothing */
} ExtremaCall;

typedef struct {
    Array in, out;
    ptrdiff_t step, filter; /* bytes from a sample to the same one of the next pixel, and the filter's type */
} PngRowsCall;

typedef struct {
    const char *name;
    int (*extrema)(const ExtremaCall *);
    int (*png_rows)(const PngRowsCall *);
    int (*png_unfilter)(const PngRowsCall *);
    int (*separable)(const SeparableCall *);
} Primitives;

extern const Primitives primitives_baseline;
#if defined(__x86_64__)
extern const Primitives primitives_avx2, primitives_avx512;
#endif

#endif
