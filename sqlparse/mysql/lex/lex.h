/*
 * text -> tokens, as the lexer of the server does for one flavour, sql_mode and character set. Two steps: scrub.c replaces every
 * comment by one blank, lex.c cuts what is left. What the servers read in a surprising way (or the two differently) is refused.
 */
#ifndef SQLPARSE_MYSQL_LEX_H
#define SQLPARSE_MYSQL_LEX_H

#include "qw/mysqlparse.h"
#include "words.h" /* generated: MYW_<WORD> of every keyword of either flavour */

enum mylex_kind {
	MYLEX_END,
	MYLEX_WORD, /* a keyword of this flavour; `code` is its MYW_. May be a name where it is not reserved */
	MYLEX_IDENT, /* a bare name that is no keyword, or stands where the lexer looks for none */
	MYLEX_QUOTED, /* `name`, "name" under ANSI_QUOTES */
	MYLEX_STRING, /* 'text', "text" */
	MYLEX_NSTRING, /* N'text' */
	MYLEX_INTRODUCER, /* _utf8mb4 */
	MYLEX_HEX, /* x'4D' and 0x4D; `code`: MYLEX_QUOTED_FORM for the first */
	MYLEX_BIN, /* b'01' and 0b01 */
	MYLEX_INT, /* fits 64 bits; more digits are a decimal */
	MYLEX_DECIMAL,
	MYLEX_FLOAT,
	MYLEX_HOST, /* after "@": letters, digits, "." "_" "$"; may be empty */
	MYLEX_OP /* `code`: the character itself, or MYLEX_OP_ */
};
enum { MYLEX_QUOTED_FORM = 1 };
enum mylex_op {
	MYLEX_OP_NE = 256, /* != <> */
	MYLEX_OP_LE,
	MYLEX_OP_GE,
	MYLEX_OP_SAFE_EQ, /* <=> */
	MYLEX_OP_SHL,
	MYLEX_OP_SHR,
	MYLEX_OP_AND, /* && */
	MYLEX_OP_OR, /* || that means OR */
	MYLEX_OP_CONCAT, /* || under PIPES_AS_CONCAT */
	MYLEX_OP_ASSIGN, /* := */
	MYLEX_OP_ARROW, /* -> */
	MYLEX_OP_ARROW_TEXT, /* ->> */
	MYLEX_OP_ATAT, /* @@ */
	MYLEX_OP_PARAM /* ? */
};

struct mylex_token {
	uint8_t kind;
	uint16_t code;
	uint32_t at, n; /* in the scrubbed text, quotes included */
};

struct mylex {
	struct qw_bytes text; /* scrubbed: what is to be forwarded */
	struct mylex_token *tokens; /* the last one is END */
	size_t count;
	const char *problem; /* NULL: all was read */
	size_t problem_at; /* in the text that was given (scrub) or in the scrubbed one (lex) */
};

/* What a word may be in one flavour. */
enum mylex_word_flag {
	MYLEX_WORD_IS = 1, /* a keyword anywhere */
	MYLEX_WORD_CALL = 2, /* a keyword only when "(" follows at once */
	MYLEX_WORD_RESERVED = 4, /* no name without quotes */
	MYLEX_WORD_NAMES_FUNCTION = 8 /* not reserved, and f(...) calls a function of that name as any other name does */
};
uint8_t mylex_word_flags(uint16_t word, enum mysql_flavour flavour);
const char *mylex_word_name(uint16_t word); /* upper case */
uint16_t mylex_word_find(const uint8_t *p, size_t n); /* any case; MYLEX_NO_WORD */
bool mylex_charset_is(const uint8_t *p, size_t n, enum mysql_flavour flavour); /* "utf8mb4": makes _utf8mb4 an introducer */

/* 0 also when `out->problem` is set; NOMEM when the arena is exhausted, LIMIT for more than `tokens_max`. */
int mylex_run(struct qw_bytes text, const struct mysql_dialect *d, size_t tokens_max, struct qw_arena *arena,
	struct mylex *out) QW_MUST_CHECK;

/* The value of a STRING, NSTRING, QUOTED, HOST or IDENT token: quotes off, escapes read. `wild` keeps \% and \_ as the server does. */
int mylex_value(const struct mylex *lex, const struct mylex_token *t, const struct mysql_dialect *d, struct qw_arena *arena,
	struct qw_bytes *out) QW_MUST_CHECK;

/* ---- between the files of this folder ---- */
int mylex_scrub(struct qw_bytes text, const struct mysql_dialect *d, struct qw_arena *arena, struct mylex *out) QW_MUST_CHECK;
/* Behind the closing quote of what opens at `at`; 0: never closed. */
size_t mylex_quote_end(struct qw_bytes text, size_t at, const struct mysql_dialect *d);
size_t mylex_number(struct qw_bytes text, size_t at, struct mylex_token *t); /* `at` a digit or "." digit: its end; 0: refused */
static inline bool mylex_is_space(uint8_t c)
{
	return c == ' ' || (c >= 9 && c <= 13);
}
static inline bool mylex_is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}
static inline bool mylex_is_name(uint8_t c) /* part of a bare name */
{
	return c >= 0x80 || mylex_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

#endif
