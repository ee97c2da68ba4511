/* A tree as JSON. usage: querytree_dump MAJOR < TEXT */
#include "qw/querytree.h"

#include <stdio.h>
#include <stdlib.h>

static void put_string(struct qw_bytes s)
{
	(void)putchar('"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\' || s.p[i] < ' ')
			(void)printf("\\u%04x", s.p[i]);
		else
			(void)putchar(s.p[i]);
	}
	(void)putchar('"');
}

static void put(const struct qtree_value *v)
{
	switch (v->kind) {
	case QTREE_NONE:
		(void)printf("null");
		break;
	case QTREE_NODE:
		(void)printf("{\"type\":\"%s\"", v->node->type);
		for (size_t i = 0; i < v->node->field_count; i++) {
			(void)printf(",\"%s\":", v->node->fields[i].name);
			put(&v->node->fields[i].value);
		}
		(void)putchar('}');
		break;
	case QTREE_LIST:
		for (size_t i = 0; i < v->list.count; i++) {
			(void)putchar(i ? ',' : '[');
			put(&v->list.items[i]);
		}
		(void)printf(v->list.count ? "]" : "[]");
		break;
	case QTREE_NUMBERS:
		(void)putchar('[');
		for (size_t i = 0; i < v->numbers.count; i++)
			(void)printf(i ? ",%lld" : "%lld", (long long)v->numbers.items[i]);
		(void)putchar(']');
		break;
	case QTREE_TOKEN:
		put_string(v->token);
		break;
	case QTREE_DATUM:
		(void)printf("{\"datum\":[");
		for (size_t i = 0; i < v->datum.n; i++)
			(void)printf(i ? ",%u" : "%u", v->datum.p[i]);
		(void)printf("]}");
		break;
	}
}

int main(int argc, char **argv)
{
	const struct qtree_limits limits = QTREE_LIMITS_DEFAULT;
	uint8_t *text = malloc(limits.text_bytes_max);
	struct qtree_value out;
	struct qw_arena arena;
	const char *problem;
	size_t n;
	int err;

	QW_ASSERT(argc == 2 && text);
	qw_arena_init(&arena, 1u << 30);
	n = fread(text, 1, limits.text_bytes_max, stdin);
	err = qtree_read((unsigned)strtoul(argv[1], NULL, 10), qw_bytes(text, n), &limits, &arena, &out, &problem);
	if (err)
		(void)fprintf(stderr, "%s: %s\n", qw_error_name(err), problem);
	else
		put(&out);
	qw_arena_fini(&arena);
	free(text);
	return err != 0;
}
