#include "lex.h"

struct at {
	const uint8_t *p;
	size_t n, i;
};

static uint8_t peek(const struct at *a, size_t more)
{
	return a->i + more < a->n ? a->p[a->i + more] : 0;
}

static void digits(struct at *a)
{
	while (mylex_is_digit(peek(a, 0)))
		a->i++;
}

static bool is_hex(uint8_t c)
{
	return mylex_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static void name_rest(struct at *a, struct mylex_token *t)
{
	t->kind = MYLEX_IDENT;
	while (mylex_is_name(peek(a, 0)))
		a->i++;
}

/* 0x41 and 0b1; with anything else behind it is a name: 0xZ, 0b2, 0x. */
static bool based(struct at *a, struct mylex_token *t)
{
	bool hex = peek(a, 1) == 'x';
	size_t first = a->i + 2;

	if (peek(a, 0) != '0' || (!hex && peek(a, 1) != 'b'))
		return false;
	a->i = first;
	while (hex ? is_hex(peek(a, 0)) : (peek(a, 0) == '0' || peek(a, 0) == '1'))
		a->i++;
	t->kind = hex ? MYLEX_HEX : MYLEX_BIN;
	if (a->i == first || mylex_is_name(peek(a, 0)))
		name_rest(a, t);
	return true;
}

/* Behind "." : fraction, exponent. An exponent without digits is refused. */
static bool fraction(struct at *a, struct mylex_token *t)
{
	digits(a);
	t->kind = MYLEX_DECIMAL;
	if (peek(a, 0) != 'e' && peek(a, 0) != 'E')
		return true;
	a->i++;
	if (peek(a, 0) == '+' || peek(a, 0) == '-')
		a->i++;
	t->kind = MYLEX_FLOAT;
	if (!mylex_is_digit(peek(a, 0)))
		return false;
	digits(a);
	return true;
}

/* More than 64 bits hold is a decimal number to the servers. */
static uint8_t int_kind(const uint8_t *p, size_t n)
{
	static const char max[] = "18446744073709551615";

	for (; n > 1 && *p == '0'; n--)
		p++;
	return n < 20 || (n == 20 && memcmp(p, max, 20) <= 0) ? MYLEX_INT : MYLEX_DECIMAL;
}

size_t mylex_number(struct qw_bytes text, size_t at, struct mylex_token *t)
{
	struct at a = {.p = text.p, .n = text.n, .i = at};

	if (peek(&a, 0) == '.') {
		a.i++;
		return fraction(&a, t) ? a.i : 0;
	}
	if (based(&a, t))
		return a.i;
	digits(&a);
	if (peek(&a, 0) == '.') {
		a.i++;
		return fraction(&a, t) ? a.i : 0;
	}
	t->kind = int_kind(text.p + at, a.i - at);
	if (!mylex_is_name(peek(&a, 0)))
		return a.i;
	if (peek(&a, 0) == 'e' || peek(&a, 0) == 'E') {
		size_t sign = peek(&a, 1) == '+' || peek(&a, 1) == '-';

		if (mylex_is_digit(peek(&a, 1 + sign))) {
			a.i += 1 + sign;
			digits(&a);
			t->kind = MYLEX_FLOAT;
			return a.i;
		}
	}
	name_rest(&a, t);
	return a.i;
}
