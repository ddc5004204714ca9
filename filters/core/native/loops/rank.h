/* The exact sample of a rank in a window: the choice of the loop. */

#define T(name) JOIN(name, TYPE)
#define TYPE uint8_t
#define VECTOR vu8
#include "rank_networks.h"
#undef TYPE
#undef VECTOR
#define TYPE uint16_t
#define VECTOR vu16
#include "rank_networks.h"
#undef TYPE
#undef VECTOR
#define TYPE double
#define VECTOR vdouble
#include "rank_networks.h"
#undef TYPE
#undef VECTOR
#define TYPE float
#define VECTOR vfloat
#include "rank_networks.h"
#undef TYPE
#undef VECTOR
#undef T

#define H(name) JOIN(name, COLUMN)
#define COLUMN uint8_t
#define SUM uint16_t
#include "rank_histograms.h"
#undef COLUMN
#undef SUM
#define COLUMN uint16_t
#define SUM uint32_t
#include "rank_histograms.h"
#undef COLUMN
#undef SUM
#undef H

#include "rank_order.h"

static int rank(const RankCall *call)
{
    const ptrdiff_t count = call->height * call->width;
    if (call->network && call->step <= 32)
        switch (call->in.type) {
        case U8: median_uint8_t(call); return 0;
        case U16: median_uint16_t(call); return 0;
        case F32: median_float(call); return 0;
        default: median_double(call); return 0;
        }
    if (call->in.type == U8)
        return call->height <= UINT8_MAX && count <= UINT16_MAX ? histograms_uint8_t(call) : histograms_uint16_t(call);
    return ordered(call);
}
