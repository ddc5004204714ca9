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

#define REAL float
#define VECTOR vfloat
#define LANES FLOAT_LANES
#include "real.h"
#include "separable.h"
#include "fourier.h"
#define KIND float
#define SAMPLE float
#define OWN_TYPE F32
#define IS_NAN(a) ((a) != (a))
#define LEAST -INFINITY
#define MOST INFINITY
#define MISSING NAN
#include "pooling.h"
#include "real_end.h"

#define REAL double
#define VECTOR vdouble
#define LANES DOUBLE_LANES
#include "real.h"
#include "separable.h"
#include "fourier.h"
#define KIND double
#define SAMPLE double
#define OWN_TYPE F64
#define IS_NAN(a) ((a) != (a))
#define LEAST -INFINITY
#define MOST INFINITY
#define MISSING NAN
#include "pooling.h"
#include "real_end.h"

/* Whether sums are to be in double: the samples or the results are. */
#define IN_DOUBLE(call) ((call)->in.type == F64 || (call)->out.type == F64 || (call)->in.type == F32)

static int separable(const SeparableCall *call)
{
    return IN_DOUBLE(call) ? separable_double(call) : separable_float(call);
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

#define NAME_(set) #set
#define NAME(set) NAME_(set)

const Primitives JOIN(primitives, SET) = {
    .name = NAME(SET),
    .separable = separable,
    .fourier = fourier,
    .pool = pool,
};

#if defined(TARGET) && defined(__clang__)
#pragma clang attribute pop
#endif
