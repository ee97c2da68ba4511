/*
 * What our parser and our lexer say of MySQL's and MariaDB's SQL.
 * What our parser says to each statement of a file: probe_mysqlparse mariadb|mysql FILE
 * FILE as in mariadbd.c. A line for each: "accepted VERB", "design SENTENCE", "unknown SENTENCE" or "several"; unknown is what the
 * grammar does not know, design what it refuses on purpose, whatever else the text holds.
 * With a third argument: what the lexer cut, a line for each: words, names and signs with blanks between them, nothing of literals;
 * "refused" when it refused.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lex.h"

enum { ARENA_BYTES = 64 << 20 };

/* Sentences of what is refused by design begin so; the syntax behind them was not looked at. */
static const char *const designed[] = {
	"the body of", "the statement of an event", "a block of statements", "SQL that is made while it runs", "replication is not",
	"executable comment", "an executable comment", "a name is empty", "SET STATEMENT must not", "a name holds bytes", "a prepared text must", "quotes of dollars",
	"a run of comparison signs", "a function of the grammar", "a table and a common", "DELETE names a table", "it cannot be told which",
};

static bool is_designed(const char *problem)
{
	for (size_t i = 0; i < QW_COUNT(designed); i++)
		if (strncmp(problem, designed[i], strlen(designed[i])) == 0)
			return true;
	return false;
}

static void line(const char *word, const char *more)
{
	printf("%s ", word);
	for (; *more; more++)
		putchar(*more == '\n' || *more == '\r' ? ' ' : *more);
	putchar('\n');
}

static void judge(struct qw_bytes text, const struct mysql_dialect *dialect, struct qw_arena *arena)
{
	struct mysql_parsed out = {0};

	qw_arena_reset(arena);
	if (sqlparse_mysql(text, dialect, &SQLPARSE_LIMITS_DEFAULT, arena, &out) != 0)
		line("unknown", "an error");
	else if (out.facts.problem && !qw_utf8_valid(text))
		line("design", "not UTF-8");
	else if (out.facts.problem)
		line(is_designed(out.facts.problem) ? "design" : "unknown", out.facts.problem);
	else if (out.facts.count != 1)
		line("several", "");
	else
		line("accepted", out.facts.list[0].act_count ? qw_verb_name(out.facts.list[0].acts[0].verb) : "none");
}

/* One token as MySQL's digest would name it, as far as mysql.py compares them. */
static void name_token(const struct mylex *lex, const struct mylex_token *t, const struct mysql_dialect *dialect, struct qw_arena *arena)
{
	struct qw_bytes value = qw_bytes(lex->text.p + t->at, t->n);

	switch ((enum mylex_kind)t->kind) {
	case MYLEX_WORD:
	case MYLEX_OP:
		break;
	case MYLEX_IDENT:
	case MYLEX_QUOTED:
		if (mylex_value(lex, t, dialect, arena, &value) != 0)
			return;
		break;
	case MYLEX_END:
	case MYLEX_STRING:
	case MYLEX_NSTRING:
	case MYLEX_INTRODUCER:
	case MYLEX_HEX:
	case MYLEX_BIN:
	case MYLEX_INT:
	case MYLEX_DECIMAL:
	case MYLEX_FLOAT:
	case MYLEX_HOST:
		return;
	}
	for (size_t i = 0; i < value.n; i++)
		putchar(value.p[i] == '\n' || value.p[i] == '\r' ? ' ' : value.p[i]);
	putchar(' ');
}

static void cut(struct qw_bytes text, const struct mysql_dialect *dialect, struct qw_arena *arena)
{
	struct mylex lex;

	qw_arena_reset(arena);
	if (mylex_run(text, dialect, 1 << 20, arena, &lex) != 0 || lex.problem)
		printf("refused");
	else
		for (size_t i = 0; i < lex.count; i++)
			name_token(&lex, &lex.tokens[i], dialect, arena);
	putchar('\n');
}

typedef void (*each_fn)(struct qw_bytes text, const struct mysql_dialect *dialect, struct qw_arena *arena);

static void judge_all(const uint8_t *p, size_t n, const struct mysql_dialect *dialect, each_fn each)
{
	struct qw_arena arena;
	size_t at = 0;

	qw_arena_init(&arena, ARENA_BYTES);
	while (at + 4 <= n) {
		size_t size = p[at] | (size_t)p[at + 1] << 8 | (size_t)p[at + 2] << 16 | (size_t)p[at + 3] << 24;

		at += 4;
		if (size > n - at)
			break;
		each(qw_bytes(p + at, size), dialect, &arena);
		at += size;
	}
	qw_arena_fini(&arena);
}

static uint8_t *read_all(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	uint8_t *p;

	if (!f || fseek(f, 0, SEEK_END) != 0)
		return NULL;
	*n = (size_t)ftell(f);
	rewind(f);
	p = malloc(*n + 1);
	if (p && fread(p, 1, *n, f) != *n) {
		free(p);
		p = NULL;
	}
	fclose(f);
	return p;
}

int main(int argc, char **argv)
{
	struct mysql_dialect dialect = {.flavour = MYSQL_FLAVOUR_MARIADB, .version = 101100, .charset = MYSQL_CHARSET_UTF8, .prepares = true};
	size_t n;
	uint8_t *p = argc == 3 || argc == 4 ? read_all(argv[2], &n) : NULL;

	if (!p) {
		fprintf(stderr, "probe_mysqlparse mariadb|mysql FILE [tokens]\n");
		return 2;
	}
	if (strcmp(argv[1], "mysql") == 0) {
		dialect.flavour = MYSQL_FLAVOUR_MYSQL;
		dialect.version = 90704;
		dialect.prepares = false; /* STATEMENT_DIGEST_TEXT() reads as COM_QUERY does */
	}
	judge_all(p, n, &dialect, argc == 4 ? cut : judge);
	free(p);
	return 0;
}
