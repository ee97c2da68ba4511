/* Inside of the room: the text with its place, and what reads from it. Every function returns 0 or a failure of reader_fail(). */
#ifndef QUERYTREE_READER_H
#define QUERYTREE_READER_H

#include "qw/querytree.h"
#include "table.h"

struct reader {
	const uint8_t *start, *at, *end; /* of the text in one line; *end is NUL, so looking at *at never needs a check */
	char *token; /* where the next token's text goes: as much room as the text has, so it never ends */
	const struct node_table *table;
	const struct qtree_limits *limits;
	struct qw_arena *arena;
	struct qtree_value *stack; /* items of the lists that are being read */
	size_t stack_count, stack_room;
	size_t depth, nodes;
	bool has_negative_bytes, has_large_bytes; /* in data so far */
	const char *problem;
};

int reader_fail(struct reader *r, int err, const char *what);
bool reader_skip(struct reader *r, const char *text, size_t n); /* is that what comes next? then go behind it */
#define READER_SKIP(r, text) reader_skip((r), (text), sizeof(text) - 1)

/*
 * The server's format_node_dump() breaks lines after at most 78 bytes: at a blank, which it drops, else inside of a token. Puts
 * the blanks back; offsets stay the same. Where a line alone does not say what it was made of, it is refused: a break inside of a
 * token (a name that is more than 76 bytes long when it is escaped), and a name's line feed next to its blank near a break.
 * `line`: room for text.n + 1 bytes. 0, or an offset in *bad and what is wrong there in *why.
 */
int qtree_unwrap(struct qw_bytes text, uint8_t *line, size_t *n, size_t *bad, const char **why);

int read_number(struct reader *r, bool is_signed, struct qtree_value *out);
int read_float(struct reader *r, struct qtree_value *out);
int read_bool(struct reader *r, struct qtree_value *out);
int read_string(struct reader *r, struct qtree_value *out);
int read_char(struct reader *r, struct qtree_value *out);
int read_boolop(struct reader *r, struct qtree_value *out);
int read_quoted(struct reader *r, struct qtree_value *out);
int read_numbers(struct reader *r, char letter, struct qtree_value *out); /* (i ..) (o ..) (b ..) */
int read_datum(struct reader *r, const struct qtree_node *constant, struct qtree_value *out);

#endif
