/* All loops, once for float and once for double where they add up, and the table of them.

   A file that includes this defines SET, the name of the instruction set, and VECTOR_BYTES. */

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

#define MAP_REAL float
#define REAL float
#define VECTOR vfloat
#define LANES FLOAT_LANES
#include "real.h"
#include "separable.h"
#include "gradient_maps.h"
#include "gradient.h"
#include "thinning.h"
#include "luma.h"
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
#include "separable.h"
#include "gradient_maps.h"
#include "gradient.h"
#include "thinning.h"
#include "luma.h"
#include "real_end.h"

/* Whether sums are to be in double: the samples or the results are. */
#define IN_DOUBLE(call) ((call)->in.type == F64 || (call)->out.type == F64 || (call)->in.type == F32)

static int separable(const SeparableCall *call)
{
    return IN_DOUBLE(call) ? separable_double(call) : separable_float(call);
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

static int thin(const ThinCall *call)
{
    return call->gx.type == F64 ? thin_double(call) : thin_float(call);
}

static int polar(const PolarCall *call)
{
    return call->gx.type == F64 ? polar_double(call) : polar_float(call);
}

#define NAME_(set) #set
#define NAME(set) NAME_(set)

const Primitives JOIN(primitives, SET) = {
    .name = NAME(SET),
    .separable = separable,
    .gradient = gradient,
    .polar = polar,
    .thin = thin,
    .luma = luma,
};

#if defined(TARGET) && defined(__clang__)
#pragma clang attribute pop
#endif
