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
#include "exp2.h"

#define REAL float
#define VECTOR vfloat
#define LANES FLOAT_LANES
#include "real.h"
#include "separable.h"
#include "bilateral.h"
#include "nonlocal_means.h"
#include "real_end.h"

#define REAL double
#define VECTOR vdouble
#define LANES DOUBLE_LANES
#include "real.h"
#include "separable.h"
#include "bilateral.h"
#include "nonlocal_means.h"
#include "real_end.h"

/* Whether sums are to be in double: the samples or the results are. */
#define IN_DOUBLE(call) ((call)->in.type == F64 || (call)->out.type == F64 || (call)->in.type == F32)

static int separable(const SeparableCall *call)
{
    return IN_DOUBLE(call) ? separable_double(call) : separable_float(call);
}

/* Whether they are for weights: 16 bits have differences that float's rounding would show. */
#define WEIGHTS_IN_DOUBLE(call) ((call)->in.type == F64 || (call)->out.type == F64 || (call)->in.type == U16)

static int bilateral(const BilateralCall *call)
{
    return WEIGHTS_IN_DOUBLE(call) ? bilateral_double(call) : bilateral_float(call);
}

static int nonlocal_means(const NonlocalMeansCall *call)
{
    return WEIGHTS_IN_DOUBLE(call) ? nonlocal_means_double(call) : nonlocal_means_float(call);
}

#define NAME_(set) #set
#define NAME(set) NAME_(set)

const Primitives JOIN(primitives, SET) = {
    .name = NAME(SET),
    .separable = separable,
    .bilateral = bilateral,
    .nonlocal_means = nonlocal_means,
};

#if defined(TARGET) && defined(__clang__)
#pragma clang attribute pop
#endif
