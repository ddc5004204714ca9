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

typedef enum { L2, L1, MOST } Norm;

typedef struct {
    Array in, gx, gy, magnitude, angle; /* data is NULL of a map that is not asked for */
    const double *smooth, *derivative;  /* the weights across and along; both odd in number, or both even */
    ptrdiff_t smooth_count, derivative_count;
    ptrdiff_t across; /* samples from a column to the next */
    Norm norm;
    enum { SUMS_INT16, SUMS_FLOAT, SUMS_DOUBLE } sums;
} GradientCall;

typedef struct {
    Array gx, gy, magnitude, angle; /* all of one type; data is NULL of a map that is not asked for */
    Norm norm;
} PolarCall;

typedef struct {
    Array gx, gy; /* of one type, with a pixel more on each side than the result */
    Array out;    /* magnitudes of the same type, or classes in uint8 */
    Norm norm;
    double low, high;
} ThinCall;

typedef struct {
    Array in;  /* red, green and blue side by side */
    Array out; /* float or double */
    const double *weights;
    double divisor;
} LumaCall;

enum { MOST_WEIGHTS = 15 };

typedef struct {
    const char *name;
    int (*separable)(const SeparableCall *);
    int (*gradient)(const GradientCall *);
    int (*polar)(const PolarCall *);
    int (*thin)(const ThinCall *);
    int (*luma)(const LumaCall *);
} Primitives;

extern const Primitives primitives_baseline;
#if defined(__x86_64__)
extern const Primitives primitives_avx2, primitives_avx512;
#endif

#endif
