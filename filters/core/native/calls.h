/* What each primitive is given, and the table of all of them for one instruction set.

   Sizes are checked by the bindings before a primitive is called; the loops only assert them. */

#ifndef IMFILTER_CALLS_H
#define IMFILTER_CALLS_H

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
    Array in, out, opacity;  /* the opacity of each pixel, in one plane; without data all are opaque */
    ptrdiff_t step;          /* channels that lie side by side */
    const double *exponents; /* of the weights by distance; minus infinity is outside the window */
    ptrdiff_t height, width; /* of the window */
    double scale;            /* of squared differences of colours */
    int ignoring;            /* NaN are left out */
} BilateralCall;

typedef struct {
    Array in, out, opacity; /* the opacity of each pixel, in one plane; without data all are opaque */
    ptrdiff_t step;         /* channels that lie side by side */
    ptrdiff_t x, y, patch;  /* the radii of the search window and of a patch */
    double factor, spared;  /* of the mean squared difference of two patches; the exponent is spared so much */
    int ignoring;           /* NaN are left out */
} NonlocalMeansCall;

typedef struct {
    const char *name;
    int (*separable)(const SeparableCall *);
    int (*bilateral)(const BilateralCall *);
    int (*nonlocal_means)(const NonlocalMeansCall *);
} Primitives;

extern const Primitives primitives_baseline;
#if defined(__x86_64__)
extern const Primitives primitives_avx2, primitives_avx512;
#endif

#endif
