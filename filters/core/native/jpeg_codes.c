#include "binding.h"

#include <string.h>

/* Reads the codes of a sequential JPEG without their values, to find the byte after which the last unit of an interval
   ends. Follows ITU-T T.81, annex F. 48 kB take 0.25 ms; decoding them again at an eighth of their size takes 0.45. */

enum { LONGEST = 16, SHORT = 9, WINDOW = 10, SYMBOLS = 256, COEFFICIENTS = 64, MOST_TABLES = 8, MOST_BLOCKS = 64 };

/* The codes of a table. */
typedef struct {
    uint32_t several[1 << WINDOW]; /* of those that lie in some bits, with their values: bits in all, and, 8 and 16 bits
                                      further up, coefficients that they go on, all but the last, and all of them */
    uint8_t bits[1 << SHORT];    /* of the code that some bits begin with, and of its value; 0 where it is longer, or none */
    uint8_t further[1 << SHORT]; /* how many coefficients it goes on; all at the end of a block */
    uint32_t above[LONGEST + 1]; /* codes of a length are below this, written as 16 bits */
    int32_t place[LONGEST + 1];  /* of the symbol of a code, less the code */
    const uint8_t *symbols;
} Codes;

/* The number of coefficients of a symbol: zeros and the one that it encodes, or the rest of the block. */
static inline int coefficients_of(uint8_t symbol)
{
    return symbol & 15 || symbol >> 4 == 15 ? (symbol >> 4) + 1 : COEFFICIENTS;
}

/* Read a table: the number of codes of each length, and their symbols. Return whether it is valid. */
static int read_codes(Codes *codes, const uint8_t *table, int first)
{
    uint32_t code = 0;
    int place = 0;
    memset(codes, 0, sizeof *codes);
    codes->symbols = table + LONGEST;
    for (int length = 1; length <= LONGEST; length++) {
        const int count = table[length - 1];
        codes->place[length] = place - (int32_t)code;
        if (code + (uint32_t)count > 1U << length || place + count > SYMBOLS)
            return 0;
        for (int i = 0; i < count; i++, code++, place++) {
            const uint8_t symbol = codes->symbols[place];
            if (first && symbol > 15)
                return 0;
            for (uint32_t rest = 0; length <= SHORT && rest < 1U << (SHORT - length); rest++) {
                codes->bits[(code << (SHORT - length)) + rest] = (uint8_t)(length + (symbol & 15));
                codes->further[(code << (SHORT - length)) + rest] = (uint8_t)coefficients_of(symbol);
            }
        }
        codes->above[length] = code << (LONGEST - length);
        code <<= 1;
    }
    for (uint32_t window = 0; !first && window < 1U << WINDOW; window++) {
        uint32_t bits = 0, before = 0, further = 0;
        while (further < COEFFICIENTS) {
            const uint32_t start = (window << bits & ((1U << WINDOW) - 1)) >> (WINDOW - SHORT), more = codes->bits[start];
            if (!more || bits + more > WINDOW)
                break;
            before = further;
            bits += more;
            further += codes->further[start];
        }
        codes->several[window] = bits | before << 8 | further << 16;
    }
    return 1;
}

/* The bits of an interval, the next ones uppermost. */
typedef struct {
    const uint8_t *at, *end;
    uint64_t bits;
    int count;
} Bits;

/* Read bytes until 32 bits are available or the data end: a code and its value have at most 31. A 0 after 255 is
   skipped; any other byte after it belongs to a marker, and is the end. */
static inline void refill(Bits *bits)
{
    if (bits->count >= 32)
        return;
    if (bits->end - bits->at >= 8) {
        uint64_t next;
        memcpy(&next, bits->at, sizeof next);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        next = __builtin_bswap64(next);
#endif
        if (!((~next - 0x0101010101010101U) & next & 0x8080808080808080U)) {
            const int bytes = (64 - bits->count) / 8;
            bits->bits |= next >> bits->count;
            bits->at += bytes;
            bits->count += 8 * bytes;
            return;
        }
    }
    while (bits->count <= 56 && bits->at < bits->end) {
        const uint8_t byte = *bits->at;
        if (byte == 0xFF && (bits->end - bits->at < 2 || bits->at[1])) {
            bits->end = bits->at;
            return;
        }
        bits->bits |= (uint64_t)byte << (56 - bits->count);
        bits->at += byte == 0xFF ? 2 : 1;
        bits->count += 8;
    }
}

/* Read a code and skip its value; return its number of coefficients, or 0 if there is no code. */
static inline int next_code(Bits *bits, const Codes *codes)
{
    refill(bits);
    const uint32_t start = (uint32_t)(bits->bits >> (64 - SHORT));
    int length = codes->bits[start], further = codes->further[start];
    if (!length) {
        const uint32_t code = (uint32_t)(bits->bits >> (64 - LONGEST));
        length = SHORT + 1;
        while (length <= LONGEST && code >= codes->above[length])
            length++;
        if (length > LONGEST)
            return 0;
        const uint8_t symbol = codes->symbols[codes->place[length] + (int32_t)(code >> (LONGEST - length))];
        length += symbol & 15;
        further = coefficients_of(symbol);
    }
    bits->bits <<= length;
    bits->count -= length;
    return bits->count < 0 ? 0 : further;
}

/* Return the byte after which the last of some units ends, or -1 if a code is invalid or the data end early. */
static ptrdiff_t end_of_units(const uint8_t *data, ptrdiff_t start, ptrdiff_t end, const Codes *codes, const Array *blocks,
                              ptrdiff_t units)
{
    Bits bits = {data + start, data + end, 0, 0};
    for (ptrdiff_t unit = 0; unit < units; unit++)
        for (ptrdiff_t block = 0; block < blocks->rows; block++) {
            const int32_t *chosen = row_of(blocks, 0, block);
            const Codes *others = codes + chosen[1];
            if (!next_code(&bits, codes + chosen[0]))
                return -1;
            for (int left = COEFFICIENTS - 1; left > 0;) {
                refill(&bits);
                const uint32_t several = others->several[bits.bits >> (64 - WINDOW)];
                if (several && (int)(several >> 8 & 0xFF) < left) {
                    bits.bits <<= several & 0xFF;
                    bits.count -= (int)(several & 0xFF);
                    left -= (int)(several >> 16);
                    if (bits.count < 0)
                        return -1;
                    continue;
                }
                const int further = next_code(&bits, others);
                if (!further)
                    return -1;
                left -= further;
            }
        }
    const uint8_t *behind = bits.at;
    for (int unread = bits.count / 8; unread > 0; unread--)
        behind -= behind - data >= start + 2 && behind[-1] == 0 && behind[-2] == 0xFF ? 2 : 1;
    return behind - data;
}

/* jpeg_ends(data, places, ends, tables, blocks, units, step): *places* has the first byte and the end of each interval
   of *step* units, the last of which may be shorter; *ends* gets the byte after which its last unit ends. The tables of
   first coefficients have even numbers, those of the others odd ones; a block has one of each. */
PyObject *bind_jpeg_ends(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *data, *places, *ends, *tables, *blocks;
    Array in, of_intervals, out, given, chosen;
    ptrdiff_t units, step;
    Codes codes[MOST_TABLES];
    Held held = {.count = 0};
    int status = REFUSED;
    if (!PyArg_ParseTuple(arguments, "OOOOOnn", &data, &places, &ends, &tables, &blocks, &units, &step)
        || !take_array(&held, data, &in, 0, U8, "data") || !check_size(in.planes, 1, 1, "planes of data")
        || !check_size(in.rows, 1, 1, "rows of data") || !check_size(in.samples, 0, INT32_MAX, "data")
        || !take_array(&held, places, &of_intervals, 0, I32, "places")
        || !check_size(of_intervals.planes, 1, 1, "planes of places")
        || !check_size(of_intervals.samples, 2, 2, "places of an interval") || !take_array(&held, ends, &out, 1, I32, "ends")
        || !check_size(out.planes, 1, 1, "planes of ends") || !check_size(out.samples, 1, 1, "ends of an interval")
        || !check_size(out.rows, of_intervals.rows, of_intervals.rows, "ends")
        || !take_array(&held, tables, &given, 0, U8, "tables") || !check_size(given.planes, 1, 1, "planes of tables")
        || !check_size(given.rows, 2, MOST_TABLES, "tables")
        || !check_size(given.samples, LONGEST + SYMBOLS, LONGEST + SYMBOLS, "bytes of a table")
        || !take_array(&held, blocks, &chosen, 0, I32, "blocks") || !check_size(chosen.planes, 1, 1, "planes of blocks")
        || !check_size(chosen.rows, 1, MOST_BLOCKS, "blocks") || !check_size(chosen.samples, 2, 2, "tables of a block")
        || !check_size(units, 0, MOST_SAMPLES, "units") || !check_size(step, 1, MOST_SAMPLES, "step"))
        return answer(&held, status);
    for (ptrdiff_t block = 0; block < chosen.rows; block++) {
        const int32_t *numbers = row_of(&chosen, 0, block);
        for (int i = 0; i < 2; i++)
            if (!check_size(numbers[i], 0, given.rows - 1, "table of a block")
                || !check_size(numbers[i] % 2, i, i, "kind of a table"))
                return answer(&held, status);
    }
    for (ptrdiff_t i = 0; i < of_intervals.rows; i++) {
        const int32_t *place = row_of(&of_intervals, 0, i);
        if (!check_size(place[0], 0, in.samples, "start") || !check_size(place[1], place[0], in.samples, "end"))
            return answer(&held, status);
    }
    int good = 1;
    for (ptrdiff_t i = 0; i < given.rows; i++)
        good &= read_codes(codes + i, row_of(&given, 0, i), i % 2 == 0);
    status = DONE;
    Py_BEGIN_ALLOW_THREADS
    for (ptrdiff_t i = 0; i < of_intervals.rows; i++, units -= MIN(step, units)) {
        const int32_t *place = row_of(&of_intervals, 0, i);
        *(int32_t *)row_of(&out, 0, i) =
            good ? (int32_t)end_of_units((const uint8_t *)in.data, place[0], place[1], codes, &chosen, MIN(step, units)) : -1;
    }
    Py_END_ALLOW_THREADS
    return answer(&held, status);
}
