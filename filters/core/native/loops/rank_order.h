/* Any rank, and the mode, of samples of any type, in tiles whose samples are sorted once.

   A sample is then represented by its rank in the tile, and a window by a set of ranks that moves by one sample at a
   time (T. Huang, G. Yang and G. Tang, 1979), back and forth along the longer side of the window.

   For a rank filter the set is a bit array, together with the word in which the last sample was found and the number of
   samples before it, as the next one is near. Equal samples have different ranks, so that each bit is one sample. For
   the mode equal samples share a rank, and its samples in the window are counted. */

#define TILE_SIDE 128

typedef struct {
    const RankCall *call;
    ptrdiff_t size, present; /* samples of the tile; those that are not NaN, or for the mode their distinct values */
    uint64_t *keys, *pairs, *spare;
    uint32_t *places, *counts, *frequencies;
    uint64_t *bits;
    ptrdiff_t word, below, inside; /* the word, and numbers of samples: before it, and in the window but not NaN */
    ptrdiff_t most;                /* the greatest of the counts */
} Order;

/* Return a key with the sample's sort order in the upper bits; NaN has the greatest. Zeros have no sign. */
static inline uint64_t key_of(const Array *array, const void *row, ptrdiff_t index)
{
    switch (array->type) {
    case U8: return (uint64_t)((const uint8_t *)row)[index] << 32;
    case U16: return (uint64_t)((const uint16_t *)row)[index] << 32;
    case F32: {
        const float value = ((const float *)row)[index] + 0.0F;
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        return value != value ? UINT64_MAX : (uint64_t)(bits ^ (bits >> 31 ? UINT32_MAX : (uint32_t)1 << 31)) << 32;
    }
    default: {
        const double value = ((const double *)row)[index] + 0.0;
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        return value != value ? UINT64_MAX : bits ^ (bits >> 63 ? UINT64_MAX : (uint64_t)1 << 63);
    }
    }
}

static inline void write_key(const Array *array, void *row, ptrdiff_t index, uint64_t key)
{
    switch (array->type) {
    case U8: ((uint8_t *)row)[index] = (uint8_t)(key >> 32); return;
    case U16: ((uint16_t *)row)[index] = (uint16_t)(key >> 32); return;
    case F32: {
        uint32_t bits = (uint32_t)(key >> 32);
        bits ^= bits >> 31 ? (uint32_t)1 << 31 : UINT32_MAX;
        memcpy((float *)row + index, &bits, sizeof bits);
        return;
    }
    default:
        key ^= key >> 63 ? (uint64_t)1 << 63 : UINT64_MAX;
        memcpy((double *)row + index, &key, sizeof key);
    }
}

/* Stable sort by the upper halves, byte by byte, skipping bytes that all share. Return which of the two arrays holds
   the result. */
static uint64_t *sorted(uint64_t *pairs, uint64_t *spare, ptrdiff_t count)
{
    ptrdiff_t starts[4][256] = {{0}};
    for (ptrdiff_t i = 0; i < count; i++)
        for (int byte = 0; byte < 4; byte++)
            starts[byte][pairs[i] >> (32 + 8 * byte) & 255]++;
    for (int byte = 0; byte < 4; byte++) {
        if (starts[byte][pairs[0] >> (32 + 8 * byte) & 255] == count)
            continue;
        for (ptrdiff_t value = 0, start = 0; value < 256; value++) {
            const ptrdiff_t size = starts[byte][value];
            starts[byte][value] = start;
            start += size;
        }
        for (ptrdiff_t i = 0; i < count; i++)
            spare[starts[byte][pairs[i] >> (32 + 8 * byte) & 255]++] = pairs[i];
        uint64_t *swapped = pairs;
        pairs = spare;
        spare = swapped;
    }
    return pairs;
}

/* Replace the keys of a tile by ranks, and sort the keys. */
static void sort_tile(Order *order)
{
    uint64_t *pairs = order->pairs, *spare = order->spare;
    for (ptrdiff_t i = 0; i < order->size; i++)
        pairs[i] = order->keys[i] << 32 | (uint32_t)i;
    if (order->call->in.type == F64)
        pairs = sorted(pairs, spare, order->size);
    spare = pairs == order->pairs ? order->spare : order->pairs;
    for (ptrdiff_t i = 0; i < order->size; i++)
        pairs[i] = (order->keys[(uint32_t)pairs[i]] >> 32) << 32 | (uint32_t)pairs[i];
    pairs = sorted(pairs, spare, order->size);
    spare = pairs == order->pairs ? order->spare : order->pairs;
    ptrdiff_t next = 0;
    order->present = 0;
    for (ptrdiff_t i = 0; i < order->size; i++) {
        const uint64_t key = order->keys[(uint32_t)pairs[i]];
        if (order->call->ranks || key == UINT64_MAX || next == 0 || spare[next - 1] != key)
            spare[next++] = key;
        order->places[(uint32_t)pairs[i]] = (uint32_t)(next - 1);
        if (key != UINT64_MAX)
            order->present = next;
    }
    memcpy(order->keys, spare, (size_t)next * sizeof *spare);
}

/* Add samples to the window, or remove them if *sign* is -1. */
static void move(Order *order, const uint32_t *places, ptrdiff_t count, ptrdiff_t gap, int sign)
{
    const uint32_t first = (uint32_t)order->word * 64, present = (uint32_t)order->present;
    if (order->call->ranks) {
        int32_t below = 0, inside = 0;
        for (ptrdiff_t i = 0; i < count; i++) {
            const uint32_t place = places[i * gap];
            order->bits[place >> 6] ^= (uint64_t)1 << (place & 63);
            below += place < first;
            inside += place < present;
        }
        order->below += sign * below;
        order->inside += sign * inside;
        return;
    }
    for (ptrdiff_t i = 0; i < count; i++) {
        const uint32_t place = places[i * gap];
        if (place >= present)
            continue;
        order->inside += sign;
        order->frequencies[order->counts[place]]--;
        order->counts[place] += (uint32_t)sign;
        order->frequencies[order->counts[place]]++;
        if (order->counts[place] > order->most)
            order->most++;
        else if (!order->frequencies[order->most])
            order->most--;
    }
}

/* Return the sample with a given rank in the window. */
static ptrdiff_t ranked_place(Order *order, ptrdiff_t rank)
{
    while (order->below > rank)
        order->below -= __builtin_popcountll(order->bits[--order->word]);
    ptrdiff_t here;
    while (here = __builtin_popcountll(order->bits[order->word]), order->below + here <= rank) {
        order->below += here;
        order->word++;
    }
    uint64_t bits = order->bits[order->word];
    for (ptrdiff_t left = rank - order->below; left; left--)
        bits &= bits - 1;
    return order->word * 64 + __builtin_ctzll(bits);
}

/* Return the most frequent sample: in a tie the pixel's own if it is one of them, else the least. */
static ptrdiff_t frequent_place(const Order *order, const uint32_t *window, ptrdiff_t rows, ptrdiff_t columns,
                                ptrdiff_t pitch)
{
    const uint32_t own = window[rows / 2 * pitch + columns / 2], most = (uint32_t)order->most;
    if (own < order->present && order->counts[own] == most)
        return own;
    uint32_t least = UINT32_MAX;
    if (order->present < rows * columns) {
        for (least = 0; order->counts[least] != most;)
            least++;
        return least;
    }
    for (ptrdiff_t i = 0; i < rows; i++)
        for (ptrdiff_t j = 0; j < columns; j++) {
            const uint32_t place = window[i * pitch + j];
            if (place < least && place < order->present && order->counts[place] == most)
                least = place;
        }
    return least;
}

static int ordered(const RankCall *call)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t step = call->step, all = call->height * call->width;
    const int turned = call->height < call->width; /* the window moves along x */
    const ptrdiff_t long_side = turned ? call->width : call->height, side = turned ? call->height : call->width;
    const ptrdiff_t extent = out->samples / step;
    const ptrdiff_t most = (MIN(TILE_SIDE, out->rows) + call->height - 1) * (MIN(TILE_SIDE, extent) + call->width - 1);
    const size_t words = (size_t)(3 * most + most / 64 + 1);
    uint64_t *memory = malloc(words * sizeof(uint64_t) + (size_t)(2 * most + all + 1) * sizeof(uint32_t));
    if (!memory)
        return -1;
    Order order = {.call = call, .keys = memory, .pairs = memory + most, .spare = memory + 2 * most};
    order.bits = memory + 3 * most;
    order.places = (uint32_t *)(memory + words), order.counts = order.places + most;
    order.frequencies = order.counts + most;
    for (ptrdiff_t plane = 0; plane < in->planes; plane++)
    for (ptrdiff_t top = 0; top < out->rows; top += TILE_SIDE)
    for (ptrdiff_t left = 0; left < extent; left += TILE_SIDE)
    for (ptrdiff_t channel = 0; channel < step; channel++) {
        const ptrdiff_t rows = MIN(TILE_SIDE, out->rows - top), columns = MIN(TILE_SIDE, extent - left);
        const ptrdiff_t lines = rows + call->height - 1, across = columns + call->width - 1;
        /* The results and samples along the window's path, and across it. */
        const ptrdiff_t along = turned ? columns : rows, beside = turned ? rows : columns;
        const ptrdiff_t pitch = turned ? lines : across;
        for (ptrdiff_t y = 0; y < lines; y++) {
            const void *row = row_of(in, plane, top + y);
            for (ptrdiff_t x = 0; x < across; x++)
                order.keys[turned ? x * pitch + y : y * pitch + x] = key_of(in, row, (left + x) * step + channel);
        }
        order.size = lines * across;
        sort_tile(&order);
        memset(order.bits, 0, (size_t)(order.size / 64 + 1) * sizeof *order.bits);
        memset(order.counts, 0, (size_t)order.size * sizeof *order.counts);
        memset(order.frequencies, 0, (size_t)(all + 1) * sizeof *order.frequencies);
        order.word = order.below = order.inside = order.most = 0;
        for (ptrdiff_t a = 0; a < long_side; a++)
            move(&order, order.places + a * pitch, side, 1, 1);
        for (ptrdiff_t b = 0; b < beside; b++)
            for (ptrdiff_t i = 0; i < along; i++) {
                const ptrdiff_t a = b % 2 ? along - 1 - i : i;
                const uint32_t *window = order.places + a * pitch + b;
                if (i) {
                    move(&order, window + (b % 2 ? long_side : -1) * pitch, side, 1, -1);
                    move(&order, window + (b % 2 ? 0 : long_side - 1) * pitch, side, 1, 1);
                } else if (b) {
                    move(&order, window - 1, long_side, pitch, -1);
                    move(&order, window + side - 1, long_side, pitch, 1);
                }
                ptrdiff_t place;
                if (call->ranks) {
                    place = (ptrdiff_t)call->ranks[call->ranks_count > 1 ? order.inside : 0];
                    place = place < 0 ? -1 : ranked_place(&order, place);
                } else if (order.inside == 0 || (call->whole && order.inside < all))
                    place = -1;
                else
                    place = frequent_place(&order, window, long_side, side, pitch);
                const uint64_t key = place < 0 ? UINT64_MAX : order.keys[place];
                const ptrdiff_t y = top + (turned ? b : a), x = left + (turned ? a : b);
                write_key(out, row_of(out, plane, y), x * step + channel, key);
            }
    }
    free(memory);
    return 0;
}

#undef TILE_SIDE
