/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The vectors of vectors/*.txt, one behind the other (Makefile). Assembled with -I BUILD.
 */
	.section .rodata
	.globl builtin_vectors
	.hidden builtin_vectors
	.type builtin_vectors, %object
builtin_vectors:
	.incbin "vectors.txt"
	.byte 0
	.size builtin_vectors, . - builtin_vectors
	.section .note.GNU-stack, "", %progbits
