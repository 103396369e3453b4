/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The packets between two samples. When each packet is picked with the same chance, whatever the
 * others are, then these gaps have a geometric distribution, and it does not matter when they are
 * drawn. Pure C: also compiled natively by the unit tests.
 */
#ifndef SIPWARD_BPF_LIB_GAP_H
#define SIPWARD_BPF_LIB_GAP_H

#include <linux/types.h>

#define GAP_UNIT_BITS  13 /* of the table */
#define GAP_SCALE_BITS 12

/* -ln(1 - i / 256), in 1/8192. The last one makes the mean of all 1: behind the last but one the
 * distribution has no end. */
/* clang-format off */
static const __u16 gap_quantiles[257] = {
	0, 32, 64, 97, 129, 162, 194, 227, 260, 293, 326, 360, 393, 427, 461, 495, 529, 563, 597,
	632, 666, 701, 736, 771, 806, 842, 877, 913, 949, 985, 1021, 1057, 1094, 1131, 1167,
	1204, 1241, 1279, 1316, 1354, 1392, 1430, 1468, 1506, 1545, 1584, 1623, 1662, 1701, 1740,
	1780, 1820, 1860, 1900, 1941, 1981, 2022, 2063, 2105, 2146, 2188, 2230, 2272, 2314, 2357,
	2399, 2442, 2486, 2529, 2573, 2617, 2661, 2705, 2750, 2795, 2840, 2885, 2931, 2977, 3023,
	3069, 3116, 3163, 3210, 3258, 3306, 3354, 3402, 3451, 3499, 3549, 3598, 3648, 3698, 3749,
	3799, 3850, 3902, 3953, 4005, 4058, 4110, 4163, 4217, 4270, 4325, 4379, 4434, 4489, 4544,
	4600, 4657, 4713, 4770, 4828, 4886, 4944, 5003, 5062, 5122, 5182, 5242, 5303, 5364, 5426,
	5488, 5551, 5615, 5678, 5743, 5807, 5873, 5938, 6005, 6072, 6139, 6207, 6276, 6345, 6414,
	6485, 6556, 6627, 6699, 6772, 6846, 6920, 6995, 7070, 7146, 7223, 7301, 7379, 7458, 7538,
	7619, 7701, 7783, 7866, 7950, 8035, 8121, 8207, 8295, 8384, 8473, 8564, 8655, 8748, 8841,
	8936, 9032, 9129, 9227, 9326, 9427, 9529, 9632, 9736, 9842, 9949, 10057, 10167, 10279,
	10392, 10506, 10622, 10740, 10860, 10981, 11104, 11230, 11357, 11486, 11617, 11750,
	11885, 12023, 12163, 12305, 12450, 12598, 12748, 12901, 13058, 13217, 13379, 13544,
	13713, 13886, 14062, 14242, 14426, 14614, 14807, 15005, 15207, 15414, 15627, 15845,
	16070, 16301, 16538, 16783, 17035, 17295, 17563, 17841, 18129, 18427, 18736, 19057,
	19391, 19740, 20104, 20485, 20885, 21305, 21748, 22216, 22713, 23242, 23807, 24414,
	25070, 25783, 26563, 27426, 28391, 29485, 30748, 32242, 34070, 36426, 39748, 45426,
	60490,
};
/* clang-format on */

/* A gap by 32 random bits: a place between two quantiles. */
static inline __attribute__((always_inline)) __u32 gap_draw(__u32 random, __u32 scale)
{
	__u32 i = random & 0xff, part = random >> 8 & 0xffff;
	__u64 low = gap_quantiles[i], high = gap_quantiles[i + 1];
	__u64 quantile = (low << 16) + (high - low) * part; /* below 2^32 */

	return quantile * scale >> (GAP_UNIT_BITS + 16 + GAP_SCALE_BITS);
}

#endif
