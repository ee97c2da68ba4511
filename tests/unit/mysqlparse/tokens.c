/*
 * What the lexer makes of records (as dump.c) of MySQL's text: a line each, the tokens with blanks between them: words and operators as they
 * are spelled, names in backquotes, literals as "?"; "-" where it refuses. For the oracle: STATEMENT_DIGEST_TEXT prints the server's.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lex.h"

static void put(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		putchar(p[i] < ' ' ? '?' : p[i]);
}

static void name(const struct mylex *lex, const struct mylex_token *t, const struct mysql_dialect *d, struct qw_arena *a)
{
	struct qw_bytes value;

	if (mylex_value(lex, t, d, a, &value))
		abort();
	putchar('`');
	put(value.p, value.n);
	putchar('`');
}

static void token(const struct mylex *lex, const struct mylex_token *t, const struct mysql_dialect *d, struct qw_arena *a)
{
	switch ((enum mylex_kind)t->kind) {
	case MYLEX_WORD:
		fputs(mylex_word_name(t->code), stdout);
		break;
	case MYLEX_IDENT:
	case MYLEX_QUOTED:
	case MYLEX_HOST:
		name(lex, t, d, a);
		break;
	case MYLEX_OP:
	case MYLEX_INTRODUCER:
		put(lex->text.p + t->at, t->n);
		break;
	case MYLEX_END:
	case MYLEX_STRING:
	case MYLEX_NSTRING:
	case MYLEX_HEX:
	case MYLEX_BIN:
	case MYLEX_INT:
	case MYLEX_DECIMAL:
	case MYLEX_FLOAT:
		putchar('?');
		break;
	}
}

static void one(struct qw_bytes text)
{
	const struct mysql_dialect d = {MYSQL_FLAVOUR_MYSQL, 90704, 0, MYSQL_CHARSET_UTF8, false};
	struct qw_arena a;
	struct mylex lex;

	qw_arena_init(&a, 1 << 30);
	if (mylex_run(text, &d, 1000000, &a, &lex))
		abort();
	if (lex.problem)
		putchar('-');
	for (size_t i = 0; !lex.problem && i + 1 < lex.count; i++) {
		fputs(i ? " " : "", stdout);
		token(&lex, &lex.tokens[i], &d, &a);
	}
	putchar('\n');
	qw_arena_fini(&a);
}

int main(void)
{
	uint32_t n;

	while (fread(&n, 1, 4, stdin) == 4) {
		uint8_t *text = malloc(n ? n : 1);

		if (!text || fread(text, 1, n, stdin) != n)
			abort();
		one(qw_bytes(text, n));
		free(text);
	}
	return 0;
}
