#include "binding.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { STRONG = 2, JOINED = 3 };

typedef struct {
    ptrdiff_t y, x;
} Place;

typedef struct {
    Place *places;
    ptrdiff_t count, room;
} Stack;

/* Mark a pixel as joined, and remember to look around it. */
static int push(Stack *stack, uint8_t *pixel, ptrdiff_t y, ptrdiff_t x)
{
    if (stack->count == stack->room) {
        const ptrdiff_t room = 2 * stack->room + 1024;
        Place *places = realloc(stack->places, (size_t)room * sizeof(Place));
        if (!places)
            return NO_MEMORY;
        stack->places = places, stack->room = room;
    }
    *pixel = JOINED;
    stack->places[stack->count++] = (Place){y, x};
    return DONE;
}

/* Look around the pixels on the stack, and around what joins them, until none is left. */
static int spread(const Array *classes, ptrdiff_t plane, ptrdiff_t across, Stack *stack)
{
    while (stack->count) {
        const Place at = stack->places[--stack->count];
        for (ptrdiff_t y = at.y - 1; y <= at.y + 1; y++) {
            if (y < 0 || y >= classes->rows)
                continue;
            uint8_t *row = row_of(classes, plane, y);
            for (ptrdiff_t x = at.x - across; x <= at.x + across; x += across)
                if (x >= 0 && x < classes->samples && row[x] && row[x] != JOINED && push(stack, row + x, y, x))
                    return NO_MEMORY;
        }
    }
    return DONE;
}

static int joined(const Array *classes, ptrdiff_t across)
{
    Stack stack = {NULL, 0, 0};
    int status = DONE;
    for (ptrdiff_t plane = 0; plane < classes->planes && !status; plane++)
        for (ptrdiff_t y = 0; y < classes->rows && !status; y++) {
            uint8_t *row = row_of(classes, plane, y);
            for (ptrdiff_t x = 0; x < classes->samples && !status; x++) {
                uint64_t eight; /* most of a picture is neither strong nor joined, which have this bit */
                while (x + 8 <= classes->samples && (memcpy(&eight, row + x, 8), !(eight & 0x0202020202020202)))
                    x += 8;
                if (x < classes->samples && row[x] == STRONG && !(status = push(&stack, row + x, y, x)))
                    status = spread(classes, plane, across, &stack);
            }
        }
    free(stack.places);
    for (ptrdiff_t plane = 0; plane < classes->planes; plane++)
        for (ptrdiff_t y = 0; y < classes->rows; y++) {
            uint8_t *row = row_of(classes, plane, y);
            for (ptrdiff_t x = 0; x < classes->samples; x++)
                row[x] = row[x] == JOINED;
        }
    return status;
}

/* join(classes, across): of 0, 1 and 2 leave 1 where they are 2, and where they are 1 and joined to those. */
PyObject *bind_join(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *object;
    Array classes;
    ptrdiff_t across;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "On", &object, &across) && take_array(&held, object, &classes, 1, U8, "classes")
        && check_size(across, 1, MOST_SAMPLES, "across"))
        WITHOUT_GIL(status = joined(&classes, across));
    return answer(&held, status);
}
