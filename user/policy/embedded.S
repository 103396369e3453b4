/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The built-in policy as it stands in embedded.yaml. Assembled from the root of the tree.
 */
	.section .rodata
	.globl embedded_policy
	.hidden embedded_policy
	.type embedded_policy, %object
embedded_policy:
	.incbin "user/policy/embedded.yaml"
	.size embedded_policy, . - embedded_policy
	.globl embedded_policy_end
	.hidden embedded_policy_end
embedded_policy_end:
	.byte 0
	.section .note.GNU-stack, "", %progbits
