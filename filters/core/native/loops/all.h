/* All loops, those with sums for both float and double, and their table.

   The including file defines SET, the name of the instruction set, and VECTOR_BYTES. */

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "../calls.h"

#ifdef TARGET
#define PRAGMA(words) _Pragma(#words)
#ifdef __clang__
#define ATTRIBUTE(target_) PRAGMA(clang attribute push(__attribute__((target(target_))), apply_to = function))
ATTRIBUTE(TARGET)
#else
#define OPTIONS(target_) PRAGMA(GCC target(target_))
OPTIONS(TARGET)
#endif
#endif

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)

#include "vectors.h"
#include "exp2.h"

#include "running_sums.h"

#define MAP_REAL float
#define REAL float
#define VECTOR vfloat
#define LANES FLOAT_LANES
#include "real.h"
#include "block_sums.h"
#include "guided.h"
#include "separable.h"
#include "resample.h"
#include "dense.h"
#include "bank.h"
#include "fourier.h"
#include "gradient_maps.h"
#include "thinning.h"
#include "gradient.h"
#include "luma.h"
#include "recolour.h"
#include "opacity.h"
#include "local_curves.h"
#include "bilateral.h"
#include "nonlocal_means.h"
#include "warp.h"
#define KIND float
#define SAMPLE float
#define OWN_TYPE F32
#define IS_NAN(a) ((a) != (a))
#define LEAST -INFINITY
#define MOST INFINITY
#define MISSING NAN
#include "pooling.h"
#include "real_end.h"

#define REAL int16_t
#define VECTOR vi16
#define LANES (VECTOR_BYTES / 2)
#include "gradient_int16.h"
#include "gradient.h"
#include "real_end.h"
#undef MAP_REAL

#define MAP_REAL double
#define REAL double
#define VECTOR vdouble
#define LANES DOUBLE_LANES
#include "real.h"
#include "block_sums.h"
#include "guided.h"
#include "separable.h"
#include "resample.h"
#include "dense.h"
#include "bank.h"
#include "fourier.h"
#include "gradient_maps.h"
#include "thinning.h"
#include "gradient.h"
#include "luma.h"
#include "recolour.h"
#include "opacity.h"
#include "local_curves.h"
#include "bilateral.h"
#include "nonlocal_means.h"
#include "warp.h"
#define KIND double
#define SAMPLE double
#define OWN_TYPE F64
#define IS_NAN(a) ((a) != (a))
#define LEAST -INFINITY
#define MOST INFINITY
#define MISSING NAN
#include "pooling.h"
#include "real_end.h"

#include "extrema.h"
#include "rank.h"
#include "png_rows.h"
#include "permute.h"
#include "sheet.h"
#include "bm3d.h"
#include "tables.h"
#include "contrast.h"

/* Whether sums must be double: if the samples or the results are. */
#define IN_DOUBLE(call) ((call)->in.type == F64 || (call)->out.type == F64 || (call)->in.type == F32)

static int separable(const SeparableCall *call)
{
    return call->in_double ? separable_double(call) : separable_float(call);
}

static int interpolate(const InterpolateCall *call)
{
    return call->in.type == F64 ? interpolate_double(call) : interpolate_float(call);
}

static int resample(const ResampleCall *call)
{
    return call->in_double ? resample_double(call) : resample_float(call);
}

static int settle(const SettleCall *call)
{
    return call->out.type == F64 ? settle_double(call) : settle_float(call);
}

static int dense(const DenseCall *call)
{
    return call->precise ? dense_double(call) : dense_float(call);
}

static int bank(const BankCall *call)
{
    return call->precise ? bank_double(call) : bank_float(call);
}

static int box(const BoxCall *call)
{
    const double most = call->in.type == U8 ? 255 : 65535, size = (double)call->height * (double)call->width;
    const int whole = call->in.type == call->out.type && (call->in.type == U8 || call->in.type == U16);
    if (whole && call->divisor >= size && call->divisor == floor(call->divisor)
        && most * size + call->divisor < 2147483648.0)
        return running_means(call);
    /* Sums in float are exact, and so are rounded quotients with the divisor 1. */
    const double exact = call->out.type == F32 ? 0x1p24 : call->out.type != F64 && call->divisor == 1 ? 0x1p23 : 0;
    if ((call->in.type == U8 || call->in.type == U16) && most * size < exact)
        return block_means_float(call);
    return block_means_double(call);
}

static int guided(const GuidedCall *call)
{
    return call->in_double ? guided_double(call) : guided_float(call);
}

#define KIND u8
#define SAMPLE uint8_t
#define IS_NAN(a) 0
#define LEAST 0
#define MOST UINT8_MAX
#define MISSING 0
#include "pooling.h"

#define KIND u16
#define SAMPLE uint16_t
#define IS_NAN(a) 0
#define LEAST 0
#define MOST UINT16_MAX
#define MISSING 0
#include "pooling.h"

static int pool(const PoolCall *call)
{
    const SampleType type = call->op == POOL_MAX || call->op == POOL_MIN ? call->in.type : call->sums;
    switch (type) {
    case U8: return pool_u8(call);
    case U16: return pool_u16(call);
    case F32: return pool_float(call);
    default: return pool_double(call);
    }
}

static int fourier(const FourierCall *call)
{
    return call->spectrum.type == F64 ? fourier_double(call) : fourier_float(call);
}

static int gradient(const GradientCall *call)
{
    if (call->sums == SUMS_INT16)
        return gradient_int16_t(call);
    return call->sums == SUMS_FLOAT ? gradient_float(call) : gradient_double(call);
}

static int luma(const LumaCall *call)
{
    return call->out.type == F64 ? luma_double(call) : luma_float(call);
}

static int recolour(const RecolourCall *call)
{
    return call->table.data ? call->table.type == F64 ? recolour_double(call) : recolour_float(call)
           : call->in.type == F64 || call->out.type == F64 || call->in.type == U16 ? recolour_double(call)
                                                                                   : recolour_float(call);
}

static int opacity(const OpacityCall *call)
{
    const int doubles = call->out.type == F64 || (call->in.type == F64 && call->out.type != F32);
    return doubles ? opacity_double(call) : opacity_float(call);
}

static int local_curves(const LocalCurvesCall *call)
{
    return call->curves.type == F64 ? local_curves_double(call) : local_curves_float(call);
}

static int thin(const ThinCall *call)
{
    return call->gx.type == F64 ? thin_double(call) : thin_float(call);
}

static int polar(const PolarCall *call)
{
    return call->gx.type == F64 ? polar_double(call) : polar_float(call);
}

/* Whether weights need double: float's rounding would be visible in differences of 16 bits. */
#define WEIGHTS_IN_DOUBLE(call) ((call)->in.type == F64 || (call)->out.type == F64 || (call)->in.type == U16)

static int bilateral(const BilateralCall *call)
{
    return WEIGHTS_IN_DOUBLE(call) ? bilateral_double(call) : bilateral_float(call);
}

static int nonlocal_means(const NonlocalMeansCall *call)
{
    return WEIGHTS_IN_DOUBLE(call) ? nonlocal_means_double(call) : nonlocal_means_float(call);
}

static int warp(const WarpCall *call)
{
    return call->in_double ? warp_double(call) : warp_float(call);
}

#define NAME_(set) #set
#define NAME(set) NAME_(set)

const Primitives JOIN(primitives, SET) = {
    .name = NAME(SET),
    .separable = separable,
    .interpolate = interpolate,
    .resample = resample,
    .settle = settle,
    .dense = dense,
    .bank = bank,
    .fourier = fourier,
    .box = box,
    .guided = guided,
    .gradient = gradient,
    .polar = polar,
    .thin = thin,
    .luma = luma,
    .luma_sums = luma_sums,
    .contrast = contrast,
    .recolour = recolour,
    .opacity = opacity,
    .local_curves = local_curves,
    .look_up = look_up,
    .histogram = histogram,
    .rank = rank,
    .mode = ordered,
    .extrema = extrema,
    .bilateral = bilateral,
    .nonlocal_means = nonlocal_means,
    .bm3d = bm3d,
    .pool = pool,
    .warp = warp,
    .png_rows = png_rows,
    .permute = permute,
    .pick = pick,
    .lay = lay,
    .cut = cut,
};

#if defined(TARGET) && defined(__clang__)
#pragma clang attribute pop
#endif
