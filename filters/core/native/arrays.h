/* Arrays of samples as Python passes them: planes of rows with contiguous samples. */

#ifndef IMFILTER_ARRAYS_H
#define IMFILTER_ARRAYS_H

#include <stddef.h>
#include <stdint.h>

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

typedef enum { U8 = 1, U16 = 2, I16 = 4, I32 = 8, F32 = 16, F64 = 32 } SampleType;

typedef struct {
    char *data;
    ptrdiff_t planes, rows, samples;
    ptrdiff_t plane_stride, row_stride; /* in bytes */
    SampleType type;
} Array;

/* Return the first sample of a row. */
static inline void *row_of(const Array *array, ptrdiff_t plane, ptrdiff_t row)
{
    return array->data + plane * array->plane_stride + row * array->row_stride;
}

#endif
