/* The arguments of each primitive, and the table of all primitives for one instruction set.

   The bindings check sizes before they call a primitive; the loops only assert them. */

#ifndef IMFILTER_CALLS_H
#define IMFILTER_CALLS_H

#include <stdint.h>

#include "arrays.h"

/* A primitive returns 0, or NO_MEMORY. It is called without the GIL. */

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
    Array seen; /* one plane of int32: each result's first sample, and the end of its samples */
    Array taps; /* one plane with a row for each result */
} ResampleAxis;

typedef struct {
    Array in, out;
    ResampleAxis down, across;
    ptrdiff_t step; /* samples from a column to the next */
    int in_double;
    int across_first; /* whether rows are resampled before columns */
    double raised;    /* added to the results */
} ResampleCall;

typedef struct {
    Array out;     /* unrounded results, float or double, that are changed */
    double raised; /* added before they are rounded */
} SettleCall;

typedef struct {
    Array in, out;
    const double *taps;      /* height × width */
    ptrdiff_t height, width;
    ptrdiff_t down, across;  /* rows and samples from a tap to the next */
    double divisor;
    int precise;             /* whether sums are double */
} DenseCall;

typedef struct {
    Array in, out;          /* maps are interleaved in out */
    const double *weights;  /* maps × inputs × height × width */
    const double *bias;     /* of each map */
    ptrdiff_t maps, inputs, height, width;
    ptrdiff_t groups, step; /* step is the number of interleaved channels */
    ptrdiff_t stride_y, stride_x, down, across;
    int apart;              /* whether maps are computed one at a time */
    double divisor;
    int precise;
} BankCall;

/* Columns per panel of the tiles of a Fourier transform. */
#define FOURIER_PANEL 16

typedef struct {
    Array in, out;
    Array spectrum;           /* the kernels': panels of frequencies along y, frequencies along x, real and imaginary */
    const double *twiddles;   /* exp(-2πi jk / n) for j = 1, 2, 3 and k < n / 4, from 6 n / 4 on, for each n */
    ptrdiff_t twiddle_count;
    ptrdiff_t rows;           /* of a tile; it has as many columns as the spectrum has rows */
    ptrdiff_t height, width;  /* of the kernel */
    ptrdiff_t inputs;         /* channels of each map of a bank; 0 for one kernel that filters every channel */
    ptrdiff_t step, out_step; /* samples from a column to the next, in the input and in the result */
    double level, level_sum;  /* subtracted from the samples, and its contribution, added to the results */
    double grid, divisor;     /* results are multiples of 1 / grid, if that is not 0, and are then divided */
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
    ptrdiff_t together;      /* number of planes that guide each other */
    double ridge, rounding;
    int in_double;
} GuidedCall;

/* The most weights of a derivative. */
enum { MOST_WEIGHTS = 15 };

typedef enum { L2, L1, MOST } Norm;

typedef struct {
    Array in, gx, gy, magnitude, angle; /* data is NULL for a map that is not requested */
    Array image; /* the magnitude, rounded and saturated in 8 and 16 bits */
    const double *smooth, *derivative;  /* the weights across and along; both counts are odd, or both even */
    ptrdiff_t smooth_count, derivative_count;
    ptrdiff_t across; /* samples from a column to the next */
    Array thin; /* maxima along the gradient, as in ThinCall, one pixel less on each side; replaces all other maps */
    double low, high;
    int begins, ends; /* whether the first and the last row of derivatives lie outside the image */
    Norm norm;
    enum { SUMS_INT16, SUMS_FLOAT, SUMS_DOUBLE } sums;
} GradientCall;

typedef struct {
    Array gx, gy, magnitude, angle; /* all of one type; data is NULL for a map that is not requested */
    Norm norm;
} PolarCall;

typedef struct {
    Array gx, gy; /* of one type, with one more pixel on each side than the result */
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
    Array in, out;         /* a plane for each image, with any number of interleaved channels; out is float or double */
    const double *factors; /* for each image: brightness, contrast, and the mean that contrast preserves */
} ContrastCall;

typedef struct {
    Array in;                 /* a plane for each image, of one channel or interleaved red, green and blue */
    Array out;                /* the sum of each row, double */
    const double *brightness; /* the factor of each image */
    const double *weights;
    double divisor;
    ptrdiff_t step;
} LumaSumsCall;

typedef struct {
    Array in, out;         /* red, green and blue side by side */
    Array table;           /* the value of each whole number of `in`, float or double; data is NULL without a table */
    const double *weights; /* of the luma */
    double divisor;
    double saturation; /* the factor on differences from the luma */
    double turn;       /* rotation of the hue, in sixths of a circle */
} RecolourCall;

/* Bytes: contiguous pixels of *step*. */
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
    Array opacity;  /* one plane; without data it is the last channel, which is unchanged */
    ptrdiff_t step; /* interleaved channels, up to 4; else each plane is a channel */
    double full, least;
    int divide;
} OpacityCall;

typedef struct {
    Array in, out;         /* values, or interleaved red, green and blue */
    Array curves;          /* (rows of tiles, columns of tiles, places): values of the result, float or double */
    ptrdiff_t step;        /* 1, or 3 for colours */
    double low, scale;     /* the position of a value on a curve is (value - low) * scale */
    double first_row, down, first_column, across; /* a pixel's position among tiles is first_row + y * down, etc. */
    const double *weights; /* of the luma */
    double divisor;
} LocalCurvesCall;

typedef struct {
    Array in;       /* whole numbers */
    Array out;      /* of the table's type */
    Array table;    /* a row for each channel, or one for all, with a value for each number of `in`'s type */
    ptrdiff_t step; /* channels side by side; else each plane is one */
} LookUpCall;

typedef struct {
    Array in;       /* whole numbers */
    Array out;      /* a row of counts for each channel, to which those of `in` are added */
    ptrdiff_t step; /* channels side by side; else each plane is one */
} HistogramCall;

typedef struct {
    Array in, out;              /* of one type */
    ptrdiff_t height, width;    /* of the window */
    ptrdiff_t step;             /* samples from a column to the next */
    const double *ranks;        /* one; or one for each number of samples that are not NaN, -1 if the result is NaN */
    ptrdiff_t ranks_count;
    int network;                /* use a network: the rank is the median, and the window 3×3 or 5×5 */
    int whole;                  /* the mode of windows with a NaN is NaN */
} RankCall;

typedef struct {
    int32_t width, height, x, y;
} Rectangle;

typedef struct {
    Array in, out;
    const Rectangle *rectangles; /* sorted by width, then by height */
    ptrdiff_t count;
    ptrdiff_t height, width; /* of the window that contains them */
    ptrdiff_t across;        /* samples from a column to the next */
    int greatest, ignoring;   /* find the maxima; ignore NaN */
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
    double factor, spared;  /* factor on the mean squared difference of two patches; the exponent is reduced by spared */
    int ignoring;           /* NaN are left out */
} NonlocalMeansCall;

/* The side of a block, the radius of the search for similar ones, and the most that are stacked. */
enum { BM3D_BLOCK = 8, BM3D_REACH = 19, BM3D_MOST = 32 };

typedef struct {
    Array in, basic;          /* planes of one size; basic, the first step's estimate, has no data in the first step */
    Array guide;              /* one plane of whole numbers, up to BM3D_GUIDE, for comparing blocks */
    Array out;                /* the planes' weighted sums, then their weights, from row *top* of the input on */
    ptrdiff_t top;
    ptrdiff_t first, end;     /* rows of reference blocks, *step* samples apart; the last lies at the edge */
    ptrdiff_t step, most;     /* the distance, and the most blocks of a stack */
    double limit, strength;   /* limit of a distance; threshold of the first step, or the noise's variance in the second */
    const double *forward, *inverse, *window; /* for a block: transforms along an axis, and weights in the result */
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

/* The border rules; samples of the last one are the fill. */
typedef enum { BORDER_REFLECT, BORDER_MIRROR, BORDER_NEAREST, BORDER_WRAP, BORDER_CONSTANT } BorderRule;

/* The most rows and columns of a warp: positions are int32, with a margin. */
#define WARP_MOST (1 << 29)

typedef struct {
    Array in, out;
    const double *matrix; /* 3 × 3, from the points of the result to those of the input, in corner coordinates */
    const double *fill;   /* of each channel */
    ptrdiff_t step;       /* channels that lie side by side */
    ptrdiff_t row;        /* of the result at which out begins */
    Interpolation interpolation;
    BorderRule border;
    int in_double;
} WarpCall;

typedef struct {
    Array in, out;
    ptrdiff_t step, filter; /* bytes from a sample to the same sample of the next pixel, and the filter's type */
} PngRowsCall;

typedef struct {
    Array in, out;       /* images, one below the other, and the sheet */
    Array rows, columns; /* index of the image's row or column at each position in the sheet; -1 is the fill */
    const double *fill;  /* of each channel */
    ptrdiff_t height, across, step;
} LayCall;

typedef struct {
    Array in, out;                      /* the bytes of the sheet, and of the images, one below the other */
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
