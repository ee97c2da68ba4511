#include "ff1.h"

/*
 * The halves A and B are kept as numbers, not as strings: a round then costs one AES block and one
 * division. CBC-MAC over P || Q starts with P, which is the same in all ten rounds: encrypted once.
 */
__extension__ typedef unsigned __int128 u128;

enum { ROUNDS = 10, DOMAIN_MIN = 1000000, Q_MAX = FF1_TWEAK_MAX + 32 };
static const u128 modulus_max = (u128)1 << 120;

struct cipher {
	struct qw_aes *aes;
	size_t u, v; /* digits of the left and the right half */
	u128 modulus[2]; /* radix^u, radix^v: of even and odd rounds */
	size_t b, d; /* bytes of NUM(B), bytes of y that are used */
	uint8_t start[QW_AES_BLOCK]; /* AES(P) */
	uint8_t q[Q_MAX]; /* T, zeros, round, NUM(B) */
	size_t q_bytes;
};

static u128 power(unsigned radix, size_t n)
{
	u128 p = 1;

	for (size_t i = 0; i < n && p <= modulus_max; i++)
		p *= radix;
	return p;
}

bool ff1_fits(unsigned radix, size_t n)
{
	if (radix < 2 || radix > FF1_RADIX_MAX || n < 2 || n > 2 * 120)
		return false;
	return power(radix, n) >= DOMAIN_MIN && power(radix, n - n / 2) <= modulus_max;
}

static size_t bytes_of(u128 v)
{
	size_t n = 0;

	for (; v; v >>= 8)
		n++;
	return n;
}

static void store32(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* Steps 1 to 5 of algorithm 7. */
static int begin(struct cipher *c, struct qw_aes *aes, unsigned radix, struct qw_bytes tweak, size_t n)
{
	uint8_t p[QW_AES_BLOCK] = {1, 2, 1, 0, 0, (uint8_t)radix, ROUNDS};

	if (!ff1_fits(radix, n) || tweak.n > FF1_TWEAK_MAX)
		return QW_E_UNSUPPORTED;
	c->aes = aes;
	c->u = n / 2;
	c->v = n - c->u;
	c->modulus[0] = power(radix, c->u);
	c->modulus[1] = power(radix, c->v);
	c->b = bytes_of(c->modulus[1] - 1); /* ceil(ceil(v log2 radix) / 8) */
	c->d = 4 * ((c->b + 3) / 4) + 4;
	c->q_bytes = (tweak.n + 1 + c->b + 15) / 16 * 16;
	memset(c->q, 0, c->q_bytes);
	if (tweak.n)
		memcpy(c->q, tweak.p, tweak.n);
	p[7] = (uint8_t)c->u;
	store32(p + 8, n);
	store32(p + 12, tweak.n);
	return qw_aes_block(aes, p, c->start);
}

static u128 load(const uint8_t *p, size_t n)
{
	u128 v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

/* Steps 6.i to 6.iv, and y modulo `m`. */
static int round_value(struct cipher *c, unsigned i, u128 b, u128 m, u128 *y)
{
	uint8_t r[2 * QW_AES_BLOCK], *tail = c->q + c->q_bytes;
	int err = 0;

	tail[-(ptrdiff_t)c->b - 1] = (uint8_t)i;
	for (size_t k = 1; k <= c->b; k++, b >>= 8)
		tail[-(ptrdiff_t)k] = (uint8_t)b;
	memcpy(r, c->start, QW_AES_BLOCK);
	for (size_t at = 0; at < c->q_bytes && !err; at += QW_AES_BLOCK) {
		for (size_t k = 0; k < QW_AES_BLOCK; k++)
			r[k] ^= c->q[at + k];
		err = qw_aes_block(c->aes, r, r);
	}
	if (c->d > QW_AES_BLOCK && !err) {
		memcpy(r + QW_AES_BLOCK, r, QW_AES_BLOCK);
		r[2 * QW_AES_BLOCK - 1] ^= 1;
		err = qw_aes_block(c->aes, r + QW_AES_BLOCK, r + QW_AES_BLOCK);
	}
	*y = load(r, c->d < QW_AES_BLOCK ? c->d : QW_AES_BLOCK) % m;
	for (size_t k = QW_AES_BLOCK; k < c->d; k++)
		*y = (*y << 8 | r[k]) % m; /* m <= 2^120: nothing is shifted out */
	return err;
}

static int encrypt(struct cipher *c, u128 *left, u128 *right)
{
	u128 a = *left, b = *right, y;

	for (unsigned i = 0; i < ROUNDS; i++) {
		u128 m = c->modulus[i & 1];
		int err = round_value(c, i, b, m, &y);

		if (err)
			return err;
		y += a;
		a = b;
		b = y >= m ? y - m : y;
	}
	*left = a;
	*right = b;
	return 0;
}

static int decrypt(struct cipher *c, u128 *left, u128 *right)
{
	u128 a = *left, b = *right, y;

	for (unsigned i = ROUNDS; i-- > 0;) {
		u128 m = c->modulus[i & 1];
		int err = round_value(c, i, a, m, &y);

		if (err)
			return err;
		y = b >= y ? b - y : b + m - y;
		b = a;
		a = y;
	}
	*left = a;
	*right = b;
	return 0;
}

static u128 join(const uint8_t *digits, size_t n, unsigned radix)
{
	u128 v = 0;

	for (size_t i = 0; i < n; i++)
		v = v * radix + digits[i];
	return v;
}

static void split(u128 v, uint8_t *digits, size_t n, unsigned radix)
{
	while (n > 0 && v > UINT64_MAX) {
		digits[--n] = (uint8_t)(v % radix);
		v /= radix;
	}
	for (uint64_t w = (uint64_t)v; n > 0; w /= radix)
		digits[--n] = (uint8_t)(w % radix);
}

typedef int (*crypt_fn)(struct cipher *c, u128 *left, u128 *right);

static int digits_crypt(struct cipher *c, crypt_fn crypt, unsigned radix, uint8_t *digits)
{
	u128 left = join(digits, c->u, radix), right = join(digits + c->u, c->v, radix);
	int err = crypt(c, &left, &right);

	if (err)
		return err;
	split(left, digits, c->u, radix);
	split(right, digits + c->u, c->v, radix);
	return 0;
}

int ff1_encrypt(struct qw_aes *aes, unsigned radix, struct qw_bytes tweak, uint8_t *digits, size_t n)
{
	struct cipher c;
	int err = begin(&c, aes, radix, tweak, n);

	return err ? err : digits_crypt(&c, encrypt, radix, digits);
}

int ff1_decrypt(struct qw_aes *aes, unsigned radix, struct qw_bytes tweak, uint8_t *digits, size_t n)
{
	struct cipher c;
	int err = begin(&c, aes, radix, tweak, n);

	return err ? err : digits_crypt(&c, decrypt, radix, digits);
}

static int number_crypt(struct qw_aes *aes, uint8_t tweak, uint64_t size, uint64_t *x, crypt_fn crypt)
{
	size_t bits = size ? 64 - (size_t)__builtin_clzll(size - 1 ? size - 1 : 1) : 0;
	struct cipher c;
	int err;

	if (size < DOMAIN_MIN || size > (uint64_t)1 << 63 || *x >= size)
		return QW_E_UNSUPPORTED;
	err = begin(&c, aes, 2, qw_bytes(&tweak, 1), bits);
	do { /* ends: a permutation comes back to x, which is below size */
		u128 left = *x >> c.v, right = *x & (((uint64_t)1 << c.v) - 1);

		if (!err)
			err = crypt(&c, &left, &right);
		if (err)
			return err;
		*x = (uint64_t)(left << c.v | right);
	} while (*x >= size);
	return 0;
}

int ff1_number(struct qw_aes *aes, uint8_t tweak, uint64_t size, uint64_t *x)
{
	return number_crypt(aes, tweak, size, x, encrypt);
}

int ff1_number_back(struct qw_aes *aes, uint8_t tweak, uint64_t size, uint64_t *x)
{
	return number_crypt(aes, tweak, size, x, decrypt);
}
