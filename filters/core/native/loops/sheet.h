/* Images of one size arranged in a sheet, each with its border, and results cut out of a sheet.

   Rows are short, and handling their exact length would take most of the time. So whole vectors are copied, and the
   next copy overwrites the excess beyond a row's end. Only the last rows are copied exactly. */

enum { SHEET_BYTES = 32 };

/* Copy a row; if *loose*, reads and writes may go beyond its end. */
#define CONVERT_ROW(name, FROM, TO)                                                                                  \
    static inline __attribute__((always_inline)) void name(TO *restrict to, const FROM *restrict from, ptrdiff_t count,\
                                                           int loose)                                                \
    {                                                                                                                \
        enum { CHUNK = SHEET_BYTES / sizeof(TO) };                                                                   \
        if (loose) {                                                                                                 \
            for (ptrdiff_t i = 0; i < count; i += CHUNK)                                                             \
                for (int k = 0; k < CHUNK; k++)                                                                      \
                    to[i + k] = (TO)from[i + k];                                                                     \
        } else {                                                                                                     \
            for (ptrdiff_t i = 0; i < count; i++)                                                                    \
                to[i] = (TO)from[i];                                                                                 \
        }                                                                                                            \
    }

/* Compilers turn a copying loop into a call, which takes longer than a few vectors; the empty statement prevents that.
   The pointers are not restrict, or memmove would become memcpy, but a caller's arrays may overlap. */
#define COPY_ROW(name, SAME, TO)                                                                                     \
    static inline __attribute__((always_inline)) void name(TO *to, const TO *from, ptrdiff_t count,                  \
                                                           int loose)                                                \
    {                                                                                                                \
        typedef uint8_t Chunk __attribute__((vector_size(SHEET_BYTES)));                                             \
        const ptrdiff_t bytes = count * (ptrdiff_t)sizeof(TO);                                                       \
        if (loose) {                                                                                                 \
            for (ptrdiff_t i = 0; i < bytes; i += SHEET_BYTES) {                                                     \
                Chunk chunk;                                                                                         \
                memcpy(&chunk, (const char *)from + i, sizeof chunk);                                                \
                memcpy((char *)to + i, &chunk, sizeof chunk);                                                        \
                __asm__ volatile("");                                                                                \
            }                                                                                                        \
        } else {                                                                                                     \
            memmove(to, from, (size_t)bytes);                                                                        \
        }                                                                                                            \
    }

/* The position in a row of the sheet of an unchanged part of an image's row, and its number of columns. */
static void lay_columns(const LayCall *call, ptrdiff_t *first, ptrdiff_t *count)
{
    const int32_t *columns = row_of(&call->columns, 0, 0);
    *first = *count = 0;
    for (ptrdiff_t x = 0, start = 0; x < call->columns.samples; x++) {
        if (columns[x] < 0 || (x > start && columns[x] != columns[x - 1] + 1))
            start = x + (columns[x] < 0);
        if (x + 1 - start > *count)
            *first = start, *count = x + 1 - start;
    }
}

#define LAY(name, copy, ROW, FROM, TO)                                                                               \
    ROW(copy, FROM, TO)                                                                                              \
    static inline __attribute__((always_inline)) void name##_edge(TO *to, const FROM *from, const LayCall *call,     \
                                                                  ptrdiff_t x, ptrdiff_t end, const ptrdiff_t step)  \
    {                                                                                                                \
        const int32_t *columns = row_of(&call->columns, 0, 0);                                                       \
        for (; x < end; x++)                                                                                         \
            for (ptrdiff_t c = 0; c < step; c++)                                                                     \
                to[x * step + c] = columns[x] < 0 ? (TO)call->fill[c] : (TO)from[columns[x] * step + c];             \
    }                                                                                                                \
    /* *beside* says that a column of the image stands to each side of it. */                                        \
    static inline __attribute__((always_inline)) void name##_pixels(const LayCall *call, const ptrdiff_t step,       \
                                                                    const int beside)                                \
    {                                                                                                                \
        const Array *in = &call->in, *out = &call->out;                                                              \
        const int32_t *rows = row_of(&call->rows, 0, 0), *columns = row_of(&call->columns, 0, 0);                    \
        const ptrdiff_t wide = call->columns.samples, high = call->rows.samples, across = call->across;              \
        const ptrdiff_t chunk = SHEET_BYTES / sizeof(TO), adjoin = in->samples * (ptrdiff_t)sizeof(FROM);            \
        ptrdiff_t first, count;                                                                                      \
        lay_columns(call, &first, &count);                                                                           \
        const ptrdiff_t end = first + count, rounded = (count * step + chunk - 1) / chunk * chunk;                   \
        const ptrdiff_t begin = MAX(columns[first], 0) * step, left = columns[0], right = columns[wide - 1];         \
        /* So many images have room for whole vectors; of the last image of all there may be nothing behind. */      \
        const ptrdiff_t room = out->samples - first * step - rounded;                                                \
        const ptrdiff_t roomy = room < 0 ? 0 : room / (wide * step) + 1;                                             \
        const FROM *last = in->row_stride == adjoin ? row_of(in, 0, in->rows) : NULL;                                \
        /* Image by image, as they are read from memory: the sheet is in the cache. */                               \
        for (ptrdiff_t image = 0; image < out->rows / high * across; image++) {                                      \
            const ptrdiff_t a = image % across, down = image / across * high, top = image * call->height;            \
            for (ptrdiff_t y = 0; y < high; y++) {                                                                   \
                TO *to = (TO *)row_of(out, 0, down + y) + a * wide * step;                                           \
                if (!beside && rows[y] < 0) {                                                                        \
                    for (ptrdiff_t i = 0; i < wide * step; i++)                                                      \
                        to[i] = (TO)call->fill[i % step];                                                            \
                    continue;                                                                                        \
                }                                                                                                    \
                const FROM *from = row_of(in, 0, top + rows[y]);                                                     \
                if (beside)                                                                                          \
                    to[0] = (TO)from[left];                                                                          \
                else                                                                                                 \
                    name##_edge(to, from, call, 0, first, step);                                                     \
                if (last && a < roomy && last - from - begin >= rounded)                                             \
                    copy(to + first * step, from + begin, count * step, 1);                                          \
                else                                                                                                 \
                    copy(to + first * step, from + begin, count * step, 0);                                          \
                if (beside)                                                                                          \
                    to[wide - 1] = (TO)from[right];                                                                  \
                else                                                                                                 \
                    name##_edge(to, from, call, end, wide, step);                                                    \
            }                                                                                                        \
        }                                                                                                            \
    }                                                                                                                \
    static void name(const LayCall *call)                                                                            \
    {                                                                                                                \
        const int32_t *columns = row_of(&call->columns, 0, 0), *rows = row_of(&call->rows, 0, 0);                    \
        const ptrdiff_t wide = call->columns.samples;                                                                \
        ptrdiff_t first, count;                                                                                      \
        lay_columns(call, &first, &count);                                                                           \
        int beside = first == 1 && count == wide - 2 && columns[0] >= 0 && columns[wide - 1] >= 0;                   \
        for (ptrdiff_t y = 0; y < call->rows.samples; y++)                                                           \
            beside = beside && rows[y] >= 0;                                                                         \
        if (call->step == 1 && beside)                                                                               \
            name##_pixels(call, 1, 1);                                                                               \
        else if (call->step == 1)                                                                                    \
            name##_pixels(call, 1, 0);                                                                               \
        else                                                                                                         \
            name##_pixels(call, call->step, 0);                                                                      \
    }

LAY(lay_u8, copy_u8, COPY_ROW, uint8_t, uint8_t)
LAY(lay_u8_float, copy_u8_float, CONVERT_ROW, uint8_t, float)
LAY(lay_u8_double, copy_u8_double, CONVERT_ROW, uint8_t, double)
LAY(lay_u16, copy_u16, COPY_ROW, uint16_t, uint16_t)
LAY(lay_u16_float, copy_u16_float, CONVERT_ROW, uint16_t, float)
LAY(lay_u16_double, copy_u16_double, CONVERT_ROW, uint16_t, double)
LAY(lay_float, copy_float, COPY_ROW, float, float)
LAY(lay_float_double, copy_float_double, CONVERT_ROW, float, double)
LAY(lay_double, copy_double, COPY_ROW, double, double)
#undef LAY
#undef COPY_ROW
#undef CONVERT_ROW

static int lay(const LayCall *call)
{
    const SampleType to = call->out.type;
    switch (call->in.type) {
    case U8: to == U8 ? lay_u8(call) : to == F32 ? lay_u8_float(call) : lay_u8_double(call); break;
    case U16: to == U16 ? lay_u16(call) : to == F32 ? lay_u16_float(call) : lay_u16_double(call); break;
    case F32: to == F32 ? lay_float(call) : lay_float_double(call); break;
    default: lay_double(call);
    }
    return 0;
}

static int cut(const CutCall *call)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t bytes = out->samples, rounded = (bytes + SHEET_BYTES - 1) / SHEET_BYTES * SHEET_BYTES;
    const uint8_t *last = out->row_stride == bytes ? row_of(out, 0, out->rows) : NULL;
    for (ptrdiff_t image = 0; image < out->rows / call->height; image++) {
        const ptrdiff_t row = image / call->across * call->down, place = image % call->across * call->wide;
        const int roomy = in->samples - place >= rounded;
        for (ptrdiff_t y = 0; y < call->height; y++) {
            const uint8_t *from = (const uint8_t *)row_of(in, 0, row + y) + place;
            uint8_t *to = row_of(out, 0, image * call->height + y);
            if (last && roomy && last - to >= rounded)
                copy_u8(to, from, bytes, 1);
            else
                memmove(to, from, (size_t)bytes); /* a caller's arrays may be the same */
        }
    }
    return 0;
}
