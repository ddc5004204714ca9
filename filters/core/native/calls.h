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

/* Columns that the tiles of a Fourier transform have in a panel. */
#define FOURIER_PANEL 16

typedef struct {
    Array in, out;
    Array spectrum;           /* the kernels': panels of frequencies along y, frequencies along x, real and imaginary */
    const double *twiddles;   /* exp(-2πi jk / n) for j = 1, 2, 3 and k < n / 4, from 6 n / 4 on, for each n */
    ptrdiff_t twiddle_count;
    ptrdiff_t rows;           /* of a tile, which has as many columns as the spectrum has rows */
    ptrdiff_t height, width;  /* of the kernel */
    ptrdiff_t inputs;         /* channels of each map of a bank; 0 for one kernel, with which every channel is filtered */
    ptrdiff_t step, out_step; /* samples from a column to the next, in the input and in the result */
    double level, level_sum;  /* is taken off the samples, and what it makes of the results, which is added to them */
    double grid, divisor;     /* results are multiples of 1 / grid, then divided; 0 where they are not */
} FourierCall;

typedef enum { POOL_MIN, POOL_MAX, POOL_MEAN, POOL_NORM } PoolOp;

typedef struct {
    Array in, out;
    PoolOp op;
    int ignoring;                          /* NaN counts nothing */
    SampleType sums;                       /* F32 or F64 */
    ptrdiff_t height, width;               /* samples of a window */
    ptrdiff_t stride_y, stride_x;          /* from a window to the next */
    ptrdiff_t down, across;                /* rows and columns from a sample of it to the next */
    ptrdiff_t row_first, row_end;          /* the rows that count */
    ptrdiff_t column_first, column_end;    /* the columns */
    ptrdiff_t step;                        /* samples from a column to the next */
} PoolCall;

typedef struct {
    const char *name;
    int (*separable)(const SeparableCall *);
    int (*fourier)(const FourierCall *);
    int (*pool)(const PoolCall *);
} Primitives;

extern const Primitives primitives_baseline;
#if defined(__x86_64__)
extern const Primitives primitives_avx2, primitives_avx512;
#endif

#endif
