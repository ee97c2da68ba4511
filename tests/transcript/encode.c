/* Words -> wire bytes. */
#include "trees.h"
#include "words.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

struct scan {
	const char *p;
	char word[70000];
	size_t n;
	bool quoted, is_null;
};

static int hex_digit(int c)
{
	return isdigit(c) ? c - '0' : (c | 32) - 'a' + 10;
}

/* One word: bare, "quoted with \n \\ \" \xHH", or NULL. False at | or the end. */
static bool next(struct scan *s)
{
	s->n = 0;
	s->quoted = s->is_null = false;
	while (*s->p == ' ')
		s->p++;
	if (*s->p == '\0' || *s->p == '|')
		return false;
	if (*s->p == '"') {
		s->quoted = true;
		for (s->p++; *s->p && *s->p != '"'; s->p++) {
			char c = *s->p;

			if (c == '\\') {
				c = *++s->p;
				if (c == 'n')
					c = '\n';
				else if (c == 'x') {
					c = (char)(hex_digit(s->p[1]) * 16 + hex_digit(s->p[2]));
					s->p += 2;
				}
			}
			s->word[s->n++] = c;
		}
		if (*s->p == '"')
			s->p++;
	} else {
		while (*s->p && *s->p != ' ' && *s->p != '|')
			s->word[s->n++] = *s->p++;
		s->is_null = s->n == 4 && memcmp(s->word, "NULL", 4) == 0;
	}
	s->word[s->n] = '\0';
	return true;
}

static const struct {
	const char *name;
	uint32_t oid;
} types[] = {{"text", 25}, {"int4", 23}, {"int8", 20}, {"varchar", 1043}, {"bool", 16}, {"uuid", 2950}, {"jsonb", 3802},
	{"numeric", 1700}};

static uint32_t type_oid(const char *name)
{
	for (size_t i = 0; i < QW_COUNT(types); i++)
		if (strcmp(types[i].name, name) == 0)
			return types[i].oid;
	return (uint32_t)strtoul(name, NULL, 10);
}

/* name:type[/b][@oid.attnum] */
static void put_column(struct builder *b, char *word)
{
	char *at = strchr(word, '@'), *colon, *slash;
	unsigned oid = 0;
	int attnum = 0;

	if (at) {
		*at = '\0';
		(void)sscanf(at + 1, "%u.%d", &oid, &attnum);
	}
	slash = strchr(word, '/');
	if (slash)
		*slash = '\0';
	colon = strchr(word, ':');
	if (colon)
		*colon = '\0';
	bld_cstr(b, word);
	bld_be32(b, oid);
	bld_be16(b, (uint16_t)attnum);
	bld_be32(b, type_oid(colon ? colon + 1 : "text"));
	bld_be16(b, UINT16_MAX);
	bld_be32(b, UINT32_MAX);
	bld_be16(b, slash ? 1 : 0);
}

static size_t count_words(struct scan s)
{
	size_t n = 0;

	while (next(&s))
		n++;
	return n;
}

static void put_values(struct builder *b, struct scan *s)
{
	bld_be16(b, (uint16_t)count_words(*s));
	while (next(s)) {
		if (s->is_null) {
			bld_be32(b, UINT32_MAX);
			continue;
		}
		bld_be32(b, (uint32_t)s->n);
		bld_bytes(b, qw_bytes(s->word, s->n));
	}
}

static void put_field(struct builder *b, char code, const char *value)
{
	bld_u8(b, (uint8_t)code);
	bld_cstr(b, value);
}

/* [severity] sqlstate "message" [detail "..." hint "..." where "..." routine name table name schema name] */
static void put_error(struct builder *b, struct scan *s)
{
	static const char *const severities[] = {"FATAL", "WARNING", "NOTICE", "LOG"};
	static const char *const more[] = {"Ddetail", "Hhint", "Wwhere", "Rroutine", "ttable", "sschema"};
	const char *severity = "ERROR";

	if (!next(s))
		return;
	for (size_t i = 0; i < QW_COUNT(severities); i++)
		if (strcmp(s->word, severities[i]) == 0)
			severity = severities[i];
	if (strcmp(s->word, severity) == 0)
		(void)next(s);
	put_field(b, 'S', severity);
	put_field(b, 'V', severity);
	put_field(b, 'C', s->word);
	(void)next(s);
	put_field(b, 'M', s->word);
	while (next(s)) {
		char code = 0;

		for (size_t i = 0; i < QW_COUNT(more); i++)
			if (strcmp(s->word, more[i] + 1) == 0)
				code = more[i][0];
		if (!code || !next(s))
			break;
		put_field(b, code, s->word);
	}
	bld_u8(b, 0);
}

static void put_word(struct builder *b, struct scan *s)
{
	if (!next(s))
		s->word[0] = '\0';
	bld_cstr(b, s->word);
}

static void put_oids(struct builder *b, struct scan *s)
{
	bld_be16(b, (uint16_t)count_words(*s));
	while (next(s))
		bld_be32(b, (uint32_t)strtoul(s->word, NULL, 10));
}

static void from_client(struct builder *b, char type, struct scan *s)
{
	switch (type) {
	case 'Q':
	case 'p':
	case 'f':
		put_word(b, s);
		break;
	case 'P':
		put_word(b, s);
		put_word(b, s);
		put_oids(b, s);
		break;
	case 'B':
		put_word(b, s);
		put_word(b, s);
		bld_be16(b, 0);
		put_values(b, s);
		bld_be16(b, 0);
		break;
	case 'D':
	case 'C':
		(void)next(s);
		bld_u8(b, (uint8_t)s->word[0]);
		put_word(b, s);
		break;
	case 'E':
		put_word(b, s);
		bld_be32(b, next(s) ? (uint32_t)atoi(s->word) : 0);
		break;
	case 'd':
		if (next(s))
			bld_bytes(b, qw_bytes(s->word, s->n));
		break;
	default: /* S H X c: no body; F: any */
		break;
	}
}

static void from_server_body(struct builder *b, char type, struct scan *s)
{
	switch (type) {
	case 'T':
		bld_be16(b, (uint16_t)count_words(*s));
		while (next(s))
			put_column(b, s->word);
		break;
	case 'D':
		put_values(b, s);
		break;
	case 'C':
		put_word(b, s);
		break;
	case 'Z':
		(void)next(s);
		bld_u8(b, (uint8_t)s->word[0]);
		break;
	case 'E':
	case 'N':
		put_error(b, s);
		break;
	case 't':
		put_oids(b, s);
		break;
	case 'G':
	case 'H':
		bld_u8(b, 0);
		bld_be16(b, 1);
		bld_be16(b, 0);
		break;
	case 'S':
		put_word(b, s);
		put_word(b, s);
		break;
	case 'A':
		bld_be32(b, 4711);
		put_word(b, s);
		put_word(b, s);
		break;
	case 'd':
		if (next(s))
			bld_bytes(b, qw_bytes(s->word, s->n));
		break;
	default: /* 1 2 3 n I s c: no body */
		break;
	}
}

/* startup: the untyped packets of before authentication */
static void put_startup(struct builder *b, struct scan *s, struct qw_buf *out)
{
	size_t at = out->n;

	bld_be32(b, 0);
	bld_be32(b, (uint32_t)(next(s) ? (strcmp(s->word, "3.2") == 0 ? 196610 : strcmp(s->word, "3.9999") == 0 ? 196608 + 9999 : 196608) : 0));
	while (next(s)) {
		char *eq = strchr(s->word, '=');

		if (eq)
			*eq = '\0';
		bld_cstr(b, s->word);
		bld_cstr(b, eq ? eq + 1 : "");
	}
	bld_u8(b, 0);
	out->p[at + 2] = (uint8_t)((out->n - at) >> 8);
	out->p[at + 3] = (uint8_t)(out->n - at);
}

static void put_request(struct builder *b, uint32_t code)
{
	bld_be32(b, 8);
	bld_be32(b, code);
}

/* ---- answers to a question for a tree ---- */

int words_put_tree(struct qw_buf *out, const char *tree)
{
	struct builder b;

	bld_init(&b, out);
	bld_begin(&b, 'N');
	put_field(&b, 'S', "LOG");
	put_field(&b, 'V', "LOG");
	put_field(&b, 'C', "00000");
	put_field(&b, 'M', "rewritten parse tree:");
	put_field(&b, 'D', tree);
	put_field(&b, 'F', "print.c");
	put_field(&b, 'L', "85");
	put_field(&b, 'R', "elog_node_display");
	bld_u8(&b, 0);
	bld_end(&b);
	return bld_error(&b);
}

/* tree "the text" 23 25 */
static int put_tree(struct scan *s, struct qw_buf *out)
{
	uint8_t oids[400];
	size_t n = 0;
	const struct tree *t;
	char *sql;

	(void)next(s);
	sql = strdup(s->word);
	QW_ASSERT(sql);
	while (next(s) && n < sizeof(oids)) {
		uint32_t oid = (uint32_t)strtoul(s->word, NULL, 10);

		for (int shift = 24; shift >= 0; shift -= 8)
			oids[n++] = (uint8_t)(oid >> shift);
	}
	t = trees_find(qw_bytes_from(sql), qw_bytes(oids, n));
	free(sql);
	return t && !t->is_error ? words_put_tree(out, t->said) : QW_E_NOTFOUND;
}

/* What the server says to the gateway's own statements before and behind the text. */
static const char forget_words[] = "1 | 2 | C \"DISCARD PLANS\" | 3 | 3";
static const char own_words[] = "1 | 2 | D \"notice\" \"log\" | C \"SELECT 1\" | 3 | 3";

static int put_own(struct qw_buf *out, const char *word)
{
	int err = 0;

	if (strcmp(word, "forget") == 0)
		return words_encode(forget_words, true, out);
	if (strcmp(word, "off") == 0)
		err = words_put_tree(out, "({QUERY of the gateway's own})\n");
	return err ? err : words_encode(own_words, true, out);
}

static bool is_own(const char *word)
{
	return strcmp(word, "on") == 0 || strcmp(word, "off") == 0 || strcmp(word, "forget") == 0;
}

static int encode(struct scan *s, bool from_server, struct qw_buf *out)
{
	struct builder b;
	int err = 0;

	bld_init(&b, out);
	while (!err && next(s)) {
		if (strcmp(s->word, "startup") == 0)
			put_startup(&b, s, out);
		else if (strcmp(s->word, "sslrequest") == 0)
			put_request(&b, 80877103);
		else if (strcmp(s->word, "gssrequest") == 0)
			put_request(&b, 80877104);
		else if (strcmp(s->word, "raw") == 0) {
			if (next(s))
				bld_bytes(&b, qw_bytes(s->word, s->n));
		} else if (from_server && is_own(s->word))
			err = put_own(out, s->word);
		else if (from_server && strcmp(s->word, "tree") == 0)
			err = put_tree(s, out);
		else {
			char type = s->word[0];

			bld_begin(&b, (uint8_t)type);
			if (from_server)
				from_server_body(&b, type, s);
			else
				from_client(&b, type, s);
			bld_end(&b);
		}
		while (next(s))
			;
		if (*s->p == '|')
			s->p++;
	}
	return err ? err : bld_error(&b);
}

int words_encode(const char *line, bool from_server, struct qw_buf *out)
{
	struct scan *scan = calloc(1, sizeof(*scan));
	int err;

	QW_ASSERT(scan);
	scan->p = line;
	err = encode(scan, from_server, out);
	free(scan);
	return err;
}
