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
#include "real_end.h"

#define REAL double
#define VECTOR vdouble
#define LANES DOUBLE_LANES
#include "real.h"
#include "separable.h"
#include "real_end.h"

#include "extrema.h"
#include "png_rows.h"

/* Whether sums are to be in double: the samples or the results are. */
#define IN_DOUBLE(call) ((call)->in.type == F64 || (call)->out.type == F64 || (call)->in.type == F32)

static int separable(const SeparableCall *call)
{
    return IN_DOUBLE(call) ? separable_double(call) : separable_float(call);
}

#define NAME_(set) #set
#define NAME(set) NAME_(set)

const Primitives JOIN(primitives, SET) = {
    .name = NAME(SET),
    .extrema = extrema,
    .png_rows = png_rows,
    .png_unfilter = png_unfilter,
    .separable = separable,
};

#if defined(TARGET) && defined(__clang__)
#pragma clang attribute pop
#endif
