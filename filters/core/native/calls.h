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
    ptrdiff_t down, across;     /* rows and columns from a tap to the next */
    ptrdiff_t stride_down, stride_across; /* rows and columns from a result to the next */
    ptrdiff_t step;                       /* samples from a column to the next */
    double divisor;
    int in_double;
} SeparableCall;

typedef struct {
    Array in, out;
    const double *column, *row; /* the weights of each place in turn */
    ptrdiff_t height, width;    /* how many each has */
    ptrdiff_t down, across;     /* places between two coarse rows and columns */
    ptrdiff_t step;             /* samples from a column to the next */
    double divisor;
} InterpolateCall;

typedef struct {
    Array seen; /* one plane of int32: the first sample that each result sees, and the one behind its last */
    Array taps; /* one plane of a row for each result */
} ResampleAxis;

typedef struct {
    Array in, out;
    ResampleAxis down, across;
    ptrdiff_t step; /* samples from a column to the next */
    int in_double;
    int across_first; /* whether rows are resampled along before they are down */
    double raised;    /* is added to the results */
} ResampleCall;

typedef struct {
    Array out;     /* unrounded results, float or double, that are changed */
    double raised; /* what is added before they are rounded */
} SettleCall;

typedef struct {
    Array in, out;
    const double *taps;      /* height × width */
    ptrdiff_t height, width;
    ptrdiff_t down, across;  /* rows and samples from a tap to the next */
    double divisor;
    int precise;             /* whether sums are in double */
} DenseCall;

typedef struct {
    Array in, out;          /* maps lie side by side in out */
    const double *weights;  /* maps × inputs × height × width */
    const double *bias;     /* of each map */
    ptrdiff_t maps, inputs, height, width;
    ptrdiff_t groups, step; /* channels that lie side by side in a row */
    ptrdiff_t stride_y, stride_x, down, across;
    int apart;              /* whether maps are computed one at a time */
    double divisor;
    int precise;
} BankCall;

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

typedef struct {
    Array in, out;
    ptrdiff_t height, width; /* of the box */
    ptrdiff_t across;        /* samples from a column to the next */
    double divisor;
} BoxCall;

#define MOST_TOGETHER 4

typedef struct {
    Array in, out;
    ptrdiff_t height, width; /* of the window */
    ptrdiff_t across;        /* samples from a column to the next */
    ptrdiff_t together;      /* planes that guide each other */
    double ridge, rounding;
    int in_double;
} GuidedCall;

/* The most weights that a derivative has. */
enum { MOST_WEIGHTS = 15 };

typedef enum { L2, L1, MOST } Norm;

typedef struct {
    Array in, gx, gy, magnitude, angle; /* data is NULL of a map that is not asked for */
    Array image; /* the magnitude, rounded and saturated where it is in 8 or 16 bits */
    const double *smooth, *derivative;  /* the weights across and along; both odd in number, or both even */
    ptrdiff_t smooth_count, derivative_count;
    ptrdiff_t across; /* samples from a column to the next */
    Array thin; /* the maxima along the gradient, as in ThinCall, one pixel less on each side; then no other map is made */
    double low, high;
    int begins, ends; /* whether the first and the last row of derivatives lie outside of the image */
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

typedef struct {
    Array in, out;         /* a plane for each image, of any number of channels side by side; out is float or double */
    const double *factors; /* of each image: brightness, contrast, and the mean about which that is */
} ContrastCall;

typedef struct {
    Array in;                 /* a plane for each image, of one channel or red, green and blue side by side */
    Array out;                /* the sum of each row, double */
    const double *brightness; /* the factor of each image */
    const double *weights;
    double divisor;
    ptrdiff_t step;
} LumaSumsCall;

typedef struct {
    Array in, out;         /* red, green and blue side by side */
    Array table;           /* the value of each whole number of `in`, float or double; data is NULL where there is none */
    const double *weights; /* of the luma */
    double divisor;
    double saturation; /* the factor of differences from the luma */
    double turn;       /* of the hue, in sixths of a circle */
} RecolourCall;

/* Bytes: pixels of *step*, side by side. */
typedef struct {
    Array in, out;
    ptrdiff_t step, swap, reverse_x, reverse_y;
} PermuteCall;

typedef struct {
    Array in, out, rows, columns; /* out[y, x] = in[rows[y], columns[x]] */
    ptrdiff_t step;
} PickCall;

typedef struct {
    Array in, out;  /* colours */
    Array opacity;  /* one plane; without data it is the last channel, which stays */
    ptrdiff_t step; /* channels side by side, up to 4; else each plane is one */
    double full, least;
    int divide;
} OpacityCall;

typedef struct {
    Array in, out;         /* values; or red, green and blue side by side */
    Array curves;          /* (rows of tiles, columns of tiles, places): values of the result, float or double */
    ptrdiff_t step;        /* 1, or 3 for colours */
    double low, scale;     /* the place of a value on a curve is (value - low) * scale */
    double first_row, down, first_column, across; /* the place of a pixel among tiles is first_row + y * down, and so on */
    const double *weights; /* of the luma */
    double divisor;
} LocalCurvesCall;

typedef struct {
    Array in;       /* whole numbers */
    Array out;      /* of the table's type */
    Array table;    /* a row for each channel, or one for all, with a value for each number of the type of `in` */
    ptrdiff_t step; /* channels side by side; else each plane is one */
} LookUpCall;

typedef struct {
    Array in;       /* whole numbers */
    Array out;      /* counts, to which those of `in` are added: a row for each channel */
    ptrdiff_t step; /* channels side by side; else each plane is one */
} HistogramCall;

typedef struct {
    Array in, out;              /* of one type */
    ptrdiff_t height, width;    /* of the window */
    ptrdiff_t step;             /* samples from a column to the next */
    const double *ranks;        /* one; or one for each number of samples that are not NaN, -1 where the result is NaN */
    ptrdiff_t ranks_count;
    int network;                /* the rank is the median, the window 3×3 or 5×5: find it by a network */
    int whole;                  /* the mode of windows that hold a NaN is NaN */
} RankCall;

typedef struct {
    int32_t width, height, x, y;
} Rectangle;

typedef struct {
    Array in, out;
    const Rectangle *rectangles; /* sorted: the narrowest first, of one width the lowest */
    ptrdiff_t count;
    ptrdiff_t height, width; /* of the window that holds them */
    ptrdiff_t across;        /* samples from a column of it to the next */
    int greatest, ignoring;   /* the maxima; NaN counts nothing */
} ExtremaCall;

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

/* The side of a block, how far from it similar ones are looked for, and how many are stacked at most. */
enum { BM3D_BLOCK = 8, BM3D_REACH = 19, BM3D_MOST = 32 };

typedef struct {
    Array in, basic;          /* planes of one size; basic, the first step's estimate, has no data in the first step */
    Array guide;              /* one plane of whole numbers, up to BM3D_GUIDE, by which blocks are compared */
    Array out;                /* the planes' weighted sums, then their weights, from row *top* of the input on */
    ptrdiff_t top;
    ptrdiff_t first, end;     /* rows of reference blocks, *step* samples apart; the last lies at the edge */
    ptrdiff_t step, most;     /* and the most blocks of a stack */
    double limit, strength;   /* of a distance; the threshold of the first step, the noise's variance in the second */
    const double *forward, *inverse, *window; /* of a block: transforms along an axis, and weights in the result */
} Bm3dCall;

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

typedef enum { WARP_NEAREST, WARP_BILINEAR, WARP_BICUBIC } Interpolation;

/* The border rules; a sample of the last is the fill. */
typedef enum { BORDER_REFLECT, BORDER_MIRROR, BORDER_NEAREST, BORDER_WRAP, BORDER_CONSTANT } BorderRule;

/* The most rows and columns that a warp takes: their places are int32, with room around them. */
#define WARP_MOST (1 << 29)

typedef struct {
    Array in, out;
    const double *matrix; /* 3 × 3, from the points of the result to those of the input, as corner coordinates */
    const double *fill;   /* of each channel */
    ptrdiff_t step;       /* channels that lie side by side */
    ptrdiff_t row;        /* of the result, at which out begins */
    Interpolation interpolation;
    BorderRule border;
    int in_double;
} WarpCall;

typedef struct {
    Array in, out;
    ptrdiff_t step, filter; /* bytes from a sample to the same one of the next pixel, and the filter's type */
} PngRowsCall;

typedef struct {
    Array in, out;       /* images, one below the other, and the sheet */
    Array rows, columns; /* which of an image stands at each place of its part of the sheet; -1 is the fill */
    const double *fill;  /* of each channel */
    ptrdiff_t height, across, step;
} LayCall;

typedef struct {
    Array in, out;                      /* the bytes of the sheet, and of images, one below the other */
    ptrdiff_t height, across, down, wide; /* the rows, and the bytes, from one image to the next */
} CutCall;

typedef struct {
    const char *name;
    int (*separable)(const SeparableCall *);
    int (*interpolate)(const InterpolateCall *);
    int (*resample)(const ResampleCall *);
    int (*settle)(const SettleCall *);
    int (*dense)(const DenseCall *);
    int (*bank)(const BankCall *);
    int (*fourier)(const FourierCall *);
    int (*box)(const BoxCall *);
    int (*guided)(const GuidedCall *);
    int (*gradient)(const GradientCall *);
    int (*polar)(const PolarCall *);
    int (*thin)(const ThinCall *);
    int (*luma)(const LumaCall *);
    int (*luma_sums)(const LumaSumsCall *);
    int (*contrast)(const ContrastCall *);
    int (*recolour)(const RecolourCall *);
    int (*opacity)(const OpacityCall *);
    int (*local_curves)(const LocalCurvesCall *);
    int (*look_up)(const LookUpCall *);
    int (*histogram)(const HistogramCall *);
    int (*rank)(const RankCall *);
    int (*mode)(const RankCall *);
    int (*extrema)(const ExtremaCall *);
    int (*bilateral)(const BilateralCall *);
    int (*nonlocal_means)(const NonlocalMeansCall *);
    int (*bm3d)(const Bm3dCall *);
    int (*pool)(const PoolCall *);
    int (*warp)(const WarpCall *);
    int (*png_rows)(const PngRowsCall *);
    int (*permute)(const PermuteCall *);
    int (*pick)(const PickCall *);
    int (*lay)(const LayCall *);
    int (*cut)(const CutCall *);
} Primitives;

extern const Primitives primitives_baseline;
#if defined(__x86_64__)
extern const Primitives primitives_avx2, primitives_avx512;
#endif

#endif
