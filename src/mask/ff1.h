/* FF1 of NIST SP 800-38G: a keyed permutation of the strings of n digits of a radix. Private to mask/. */
#ifndef QW_MASK_FF1_H
#define QW_MASK_FF1_H

#include "qw/digest.h"

enum {
	FF1_RADIX_MAX = 62, /* more is not needed here */
	FF1_DIGITS_MAX = 72, /* of radix 10; fewer of larger ones: see ff1_fits */
	FF1_TWEAK_MAX = 200
};

/*
 * At least 1,000,000 strings (SP 800-38G Rev. 1 draft requires it), and halves that our arithmetic holds:
 * radix^ceil(n/2) <= 2^120.
 */
bool ff1_fits(unsigned radix, size_t n);
/* In place; digits are 0 to radix - 1. UNSUPPORTED where ff1_fits says no. */
int ff1_encrypt(struct qw_aes *aes, unsigned radix, struct qw_bytes tweak, uint8_t *digits, size_t n) QW_MUST_CHECK;
int ff1_decrypt(struct qw_aes *aes, unsigned radix, struct qw_bytes tweak, uint8_t *digits, size_t n) QW_MUST_CHECK;

/*
 * A permutation of the numbers below `size` (1,000,000 to 2^63): FF1 over bits, again and again until the number is below
 * `size` (cycle walking; less than two rounds are expected).
 */
int ff1_number(struct qw_aes *aes, uint8_t tweak, uint64_t size, uint64_t *x) QW_MUST_CHECK;
int ff1_number_back(struct qw_aes *aes, uint8_t tweak, uint64_t size, uint64_t *x) QW_MUST_CHECK;

#endif
