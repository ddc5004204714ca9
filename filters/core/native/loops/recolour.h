/* Saturation and hue: each channel's difference from the pixel's luma is multiplied, and then the HSV hue is rotated.

   The pixels of a block are split into planes, which are processed as vectors. A block is always complete: pixels
   beyond the end of a row are computed, but not written. */

#define PIXELS 64

#define CASE(name, type_)                                                             \
    case name: {                                                                      \
        const type_ *samples = (const type_ *)row_of(&call->in, 0, y) + 3 * first;    \
        for (ptrdiff_t i = 0; i < 3 * count; i++)                                     \
            pixels[i] = table[samples[i]];                                            \
        break;                                                                        \
    }

static inline REAL R(trapezoid)(REAL sector, REAL shift)
{
    REAL place = sector + shift;
    place = place < 0 ? place + 6 : place;
    place = place >= 6 ? place - 6 : place;
    const REAL height = place < 4 - place ? place : 4 - place;
    return height < 0 ? 0 : height > 1 ? 1 : height;
}

static int R(recolour)(const RecolourCall *call)
{
    const REAL red_weight = (REAL)call->weights[0], green_weight = (REAL)call->weights[1],
               blue_weight = (REAL)call->weights[2], divisor = (REAL)call->divisor, saturation = (REAL)call->saturation;
    const REAL shifts[3] = {(REAL)fmod(5 + call->turn, 6), (REAL)fmod(3 + call->turn, 6), (REAL)fmod(1 + call->turn, 6)};
    const REAL *table = call->table.data ? row_of(&call->table, 0, 0) : NULL;
    const ptrdiff_t width = call->in.samples / 3;
    REAL pixels[3 * PIXELS] = {0}, red[PIXELS], green[PIXELS], blue[PIXELS];
    for (ptrdiff_t y = 0; y < call->in.rows; y++)
        for (ptrdiff_t first = 0; first < width; first += PIXELS) {
            const ptrdiff_t count = MIN(PIXELS, width - first);
            if (table)
                switch (call->in.type) {
                    CASE(U8, uint8_t)
                    CASE(U16, uint16_t)
                default: break;
                }
            else
                R(read_row)(pixels, row_of(&call->in, 0, y), call->in.type, 3 * first, 3 * count);
            for (ptrdiff_t i = 0; i < PIXELS; i++) {
                red[i] = pixels[3 * i];
                green[i] = pixels[3 * i + 1];
                blue[i] = pixels[3 * i + 2];
            }
            if (saturation != 1)
                for (ptrdiff_t i = 0; i < PIXELS; i++) {
                    const REAL luma = (red[i] * red_weight + green[i] * green_weight + blue[i] * blue_weight) / divisor;
                    red[i] = (red[i] - luma) * saturation + luma;
                    green[i] = (green[i] - luma) * saturation + luma;
                    blue[i] = (blue[i] - luma) * saturation + luma;
                }
            if (call->turn != 0)
                for (ptrdiff_t i = 0; i < PIXELS; i++) {
                    const REAL r = red[i], g = green[i], b = blue[i];
                    const REAL more = r > g ? r : g, less = r < g ? r : g;
                    const REAL value = more > b ? more : b, least = less < b ? less : b;
                    const REAL range = value - least, scale = range != 0 ? 1 / range : 0;
                    const REAL chroma = range + (r + g + b) * 0; /* NaN if one is */
                    const REAL sector = value == r   ? (g - b) * scale
                                        : value == g ? (b - r) * scale + 2
                                                     : (r - g) * scale + 4;
                    red[i] = value - chroma * R(trapezoid)(sector, shifts[0]);
                    green[i] = value - chroma * R(trapezoid)(sector, shifts[1]);
                    blue[i] = value - chroma * R(trapezoid)(sector, shifts[2]);
                }
            for (ptrdiff_t i = 0; i < PIXELS; i++) {
                pixels[3 * i] = red[i];
                pixels[3 * i + 1] = green[i];
                pixels[3 * i + 2] = blue[i];
            }
            R(write_row)(row_of(&call->out, 0, y), call->out.type, 3 * first, pixels, 3 * count, 1);
        }
    return 0;
}

#undef PIXELS
#undef CASE
