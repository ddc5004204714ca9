/* Tables with a place for each whole number: looking samples up in them, and counting samples. */

#define TO(name_, from_, to_)                                                                 \
    case name_: {                                                                             \
        const to_ *restrict table = row_of(&call->table, 0, own_row ? channel : 0);           \
        to_ *restrict to = row_of(&call->out, plane, y);                                      \
        const from_ *restrict from = row_of(&call->in, plane, y);                             \
        for (ptrdiff_t x = first; x < call->in.samples; x += step)                            \
            to[x] = table[from[x]];                                                           \
        break;                                                                                \
    }

#define FROM(name_, from_)                \
    case name_:                           \
        switch (call->out.type) {         \
            TO(U8, from_, uint8_t)        \
            TO(U16, from_, uint16_t)      \
            TO(F32, from_, float)         \
            TO(F64, from_, double)        \
        default: break;                   \
        }                                 \
        break;

static int look_up(const LookUpCall *call)
{
    const int own_row = call->table.rows > 1;
    /* One table for all channels goes through the row at once. */
    const ptrdiff_t step = own_row ? call->step : 1;
    for (ptrdiff_t plane = 0; plane < call->in.planes; plane++)
        for (ptrdiff_t y = 0; y < call->in.rows; y++)
            for (ptrdiff_t first = 0; first < step; first++) {
                const ptrdiff_t channel = plane * step + first;
                switch (call->in.type) {
                    FROM(U8, uint8_t)
                    FROM(U16, uint16_t)
                default: break;
                }
            }
    return 0;
}

#undef FROM
#undef TO

/* Neighbours are often alike, and a count can be added to only when the last addition to it is done: so samples that
   follow each other are counted apart. */
enum { APART = 4 };

static void count_bytes(const uint8_t *restrict from, ptrdiff_t samples, ptrdiff_t step, int32_t *restrict counts)
{
    int32_t apart[APART][256] = {0};
    ptrdiff_t x = 0;
    for (; x + (APART - 1) * step < samples; x += APART * step)
        for (int k = 0; k < APART; k++)
            apart[k][from[x + k * step]]++;
    for (; x < samples; x += step)
        apart[0][from[x]]++;
    for (int number = 0; number < 256; number++)
        counts[number] += apart[0][number] + apart[1][number] + apart[2][number] + apart[3][number];
}

static int histogram(const HistogramCall *call)
{
    for (ptrdiff_t plane = 0; plane < call->in.planes; plane++)
        for (ptrdiff_t channel = 0; channel < call->step; channel++) {
            int32_t *restrict counts = row_of(&call->out, 0, plane * call->step + channel);
            for (ptrdiff_t y = 0; y < call->in.rows; y++) {
                if (call->in.type == U8) {
                    const uint8_t *from = row_of(&call->in, plane, y);
                    count_bytes(from + channel, call->in.samples - channel, call->step, counts);
                } else {
                    const uint16_t *from = row_of(&call->in, plane, y);
                    for (ptrdiff_t x = channel; x < call->in.samples; x += call->step)
                        counts[from[x]]++;
                }
            }
        }
    return 0;
}
