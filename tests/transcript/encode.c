/* Words -> wire bytes. */
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

static void put_error(struct builder *b, struct scan *s)
{
	const char *severity = "ERROR";

	if (!next(s))
		return;
	if (strcmp(s->word, "FATAL") == 0 || strcmp(s->word, "NOTICE") == 0) {
		severity = s->word[0] == 'F' ? "FATAL" : "NOTICE";
		(void)next(s);
	}
	bld_u8(b, 'S');
	bld_cstr(b, severity);
	bld_u8(b, 'V');
	bld_cstr(b, severity);
	bld_u8(b, 'C');
	bld_cstr(b, s->word);
	(void)next(s);
	bld_u8(b, 'M');
	bld_cstr(b, s->word);
	bld_u8(b, 0);
}

static void put_word(struct builder *b, struct scan *s)
{
	if (!next(s))
		s->word[0] = '\0';
	bld_cstr(b, s->word);
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
		bld_be16(b, (uint16_t)count_words(*s));
		while (next(s)) /* oids */
			bld_be32(b, (uint32_t)strtoul(s->word, NULL, 10));
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
		bld_be16(b, 0);
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

int words_encode(const char *line, bool from_server, struct qw_buf *out)
{
	static struct scan s;
	struct builder b;

	s = (struct scan){.p = line};
	bld_init(&b, out);
	while (next(&s)) {
		if (strcmp(s.word, "startup") == 0)
			put_startup(&b, &s, out);
		else if (strcmp(s.word, "sslrequest") == 0)
			put_request(&b, 80877103);
		else if (strcmp(s.word, "gssrequest") == 0)
			put_request(&b, 80877104);
		else if (strcmp(s.word, "raw") == 0) {
			if (next(&s))
				bld_bytes(&b, qw_bytes(s.word, s.n));
		} else {
			char type = s.word[0];

			bld_begin(&b, (uint8_t)type);
			if (from_server)
				from_server_body(&b, type, &s);
			else
				from_client(&b, type, &s);
			bld_end(&b);
		}
		while (next(&s))
			;
		if (*s.p == '|')
			s.p++;
	}
	return bld_error(&b);
}
