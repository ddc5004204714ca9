/* Vectors as wide as the instruction set's registers, in the compiler's own extension of C. */

#define FLOAT_LANES (VECTOR_BYTES / 4)
#define DOUBLE_LANES (VECTOR_BYTES / 8)

#define VECTOR_OF(type, name) typedef type name __attribute__((vector_size(VECTOR_BYTES)))
VECTOR_OF(float, vfloat);
VECTOR_OF(double, vdouble);
VECTOR_OF(uint8_t, vu8);
VECTOR_OF(uint16_t, vu16);
VECTOR_OF(int16_t, vi16);
VECTOR_OF(int32_t, vi32);
VECTOR_OF(uint32_t, vu32);
VECTOR_OF(uint64_t, vu64);

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* Rows of memory that loops read past their end, by less than a vector: so much is added to what they allocate. */
#define SPARE 64

/* How much of the second-level cache a block of an image may take, and its width where that is up to the loop. */
#define BLOCK_BYTES (128 << 10)
#define BLOCK_WIDTH 256

/* How much of the second-level cache a ring of rows may take, where that is up to the loop. */
#define RING_BYTES (64 << 10)
