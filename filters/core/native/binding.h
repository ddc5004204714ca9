/* Common code of the bindings: taking arrays and taps from Python, and calling without the GIL. */

#ifndef IMFILTER_BINDING_H
#define IMFILTER_BINDING_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include "calls.h"

/* The primitives of the chosen instruction set. */
extern const Primitives *chosen;

/* The buffers that a call holds until it ends. */
typedef struct {
    Py_buffer views[12];
    int count;
} Held;

#define REALS (F32 | F64)
#define SAMPLES (U8 | U16 | REALS)

/* The most samples of an array, and the most interleaved channels, so that products of sizes cannot overflow. The axes
   of an array without samples have the same limit. */
#define MOST_SAMPLES (PTRDIFF_MAX >> (PTRDIFF_MAX > INT32_MAX ? 23 : 3))
#define MOST_STEP (1 << 16)

enum { DONE = 0, NO_MEMORY = -1, REFUSED = -2 };

/* Each of these returns whether it succeeded; if not, it sets an exception. */

/* Take an array (planes, rows, samples) of one of *types*. */
int take_array(Held *held, PyObject *object, Array *array, int writable, unsigned types, const char *name);

/* Take such an array, or None, which sets data to NULL. */
int take_optional(Held *held, PyObject *object, Array *array, int writable, unsigned types, const char *name);

/* Take a one-dimensional array of float64. */
int take_taps(Held *held, PyObject *object, const double **taps, ptrdiff_t *count, const char *name);

/* Check that a size is from *least* to *most*. */
int check_size(ptrdiff_t size, ptrdiff_t least, ptrdiff_t most, const char *name);

/* Check that a window of *height* and *width* samples, spaced as given, lies in the input for each sample of the
   result. */
int check_window(const Array *in, const Array *out, ptrdiff_t height, ptrdiff_t width, ptrdiff_t down,
                 ptrdiff_t across);

/* Check one axis of an input of *size*: the windows of *taps*, spaced by *gap*, of all results, spaced by *stride*, lie
   in it. A gap or stride that has no effect becomes 1. */
int check_axis(ptrdiff_t size, ptrdiff_t results, ptrdiff_t taps, ptrdiff_t *gap, ptrdiff_t *stride, const char *name);

/* Check that samples form pixels of *step* interleaved channels, or of planes. */
int check_pixels(const Array *in, ptrdiff_t step);

/* Take an array with a sample for each pixel of the input, or None. */
int take_opacity(Held *held, PyObject *object, Array *opacity, const Array *in, ptrdiff_t step);

/* Release the buffers that a call holds; return None, or NULL with an exception. */
PyObject *answer(Held *held, int status);

/* Call a primitive of the chosen instruction set without the GIL, if there are any results. */
#define RUN(primitive, results)                                                          \
    do {                                                                                 \
        status = DONE;                                                                   \
        if ((results).planes && (results).rows && (results).samples)                     \
            WITHOUT_GIL(status = chosen->primitive(&call));                              \
    } while (0)

#define WITHOUT_GIL(statement)                             \
    do {                                                   \
        Py_BEGIN_ALLOW_THREADS statement; Py_END_ALLOW_THREADS \
    } while (0)

/* The functions of the module; each calls a primitive once or a few times. */
#define FUNCTIONS(F) \
    F(separable, "Correlate with a column and a row of taps.") \
    F(interpolate, "Interpolate coarse samples with the weights of each position between them.") \
    F(resample, "Resample by the weights of each result.") \
    F(settle, "Raise values just below a half to the half.") \
    F(dense, "Correlate with a kernel.") \
    F(bank, "Correlate with a filter bank.") \
    F(fourier, "Correlate by Fourier transforms of tiles.") \
    F(box, "Take the means of boxes of samples.") \
    F(guided, "Filter planes guided by themselves.") \
    F(gradient, "Differentiate along x and y, and compute magnitude and angle.") \
    F(thinned_gradient, "Differentiate along x and y, and keep the maxima along the gradient.") \
    F(polar, "Compute the magnitude and angle of derivatives.") \
    F(thin, "Keep the maxima along the gradient.") \
    F(join, "Keep the weak pixels that are connected to strong ones.") \
    F(luma, "Sum red, green and blue by their weights.") \
    F(luma_sums, "Sum the lumas of each row.") \
    F(contrast, "Multiply samples, and their differences from a mean.") \
    F(recolour, "Change the saturation of colours, and rotate their hue.") \
    F(opacity, "Multiply colours by their alpha, or divide them by it.") \
    F(local_curves, "Map values by local curves.") \
    F(look_up, "Look up samples in a table.") \
    F(histogram, "Count the occurrences of each number.") \
    F(rank, "Give each pixel the sample of a rank in its window.") \
    F(mode, "Give each pixel the most frequent sample of its window.") \
    F(extrema, "Find the minima or maxima over a shape.") \
    F(bilateral, "Smooth, and keep edges, by a bilateral filter.") \
    F(nonlocal_means, "Remove noise by the means of similar patches.") \
    F(bm3d, "Filter stacks of similar blocks together.") \
    F(pool, "Combine the samples of each window of a grid.") \
    F(permute, "Reverse or exchange rows and columns of pixels.") \
    F(pick, "Copy pixels of rows and columns.") \
    F(lay, "Arrange images in a sheet, each with its border.") \
    F(cut, "Copy images out of a sheet.") \
    F(take_apart, "Split pixels into colours and alpha.") \
    F(put_together, "Combine colours and alpha into pixels.") \
    F(warp, "Interpolate samples at the points given by a matrix.") \
    F(png_rows, "Filter rows of bytes as PNG does.") \
    F(png_unfilter, "Undo the filters of rows of a PNG.") \
    F(jpeg_ends, "Find where the codes of a JPEG's intervals end.")

#define DECLARE(name, words) PyObject *bind_##name(PyObject *module, PyObject *arguments);
FUNCTIONS(DECLARE)
#undef DECLARE

#endif
