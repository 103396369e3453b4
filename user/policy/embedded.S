/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The built-in policy and lists as they stand in their files. Assembled from the root of the tree.
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
	.globl high_risk_numbers
	.hidden high_risk_numbers
	.type high_risk_numbers, %object
high_risk_numbers:
	.incbin "user/policy/high-risk.txt"
	.size high_risk_numbers, . - high_risk_numbers
	.globl high_risk_numbers_end
	.hidden high_risk_numbers_end
high_risk_numbers_end:
	.byte 0
	.globl user_agents
	.hidden user_agents
	.type user_agents, %object
user_agents:
	.incbin "user/policy/user-agents.txt"
	.size user_agents, . - user_agents
	.globl user_agents_end
	.hidden user_agents_end
user_agents_end:
	.byte 0
	.section .note.GNU-stack, "", %progbits
