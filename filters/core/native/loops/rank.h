/* The sample of a rank in a window, exactly: the choice of the loop. */

#define T(name) JOIN(name, TYPE)
#define TYPE uint8_t
#include "rank_networks.h"
#undef TYPE
#define TYPE uint16_t
#include "rank_networks.h"
#undef TYPE
#define TYPE float
#include "rank_networks.h"
#undef TYPE
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
    const int square = call->height == call->width && (count == 9 || count == 25) && call->step <= 32;
    if (call->ranks_count == 1 && square && call->ranks[0] == count / 2)
        switch (call->in.type) {
        case U8: median_uint8_t(call); return 0;
        case U16: median_uint16_t(call); return 0;
        case F32: median_float(call); return 0;
        default: break;
        }
    if (call->in.type == U8)
        return call->height <= UINT8_MAX && count <= UINT16_MAX ? histograms_uint8_t(call) : histograms_uint16_t(call);
    return ordered(call);
}
