/*
 * The admin socket (UNIX, one JSON object a line each way; peer credentials or a token checked) and the HTTP end points
 * /healthz and /metrics on loopback. Both live on the street's loop.
 *
 *   {"op":"approvals"} {"op":"approve","id":"..","token":".."} {"op":"deny","id":"..","reason":".."} {"op":"status"} {"op":"reload"}
 *   answers {"ok":true,...} or {"ok":false,"error":"..."}; "approvals" takes "all":true for decided ones, too
 */
#ifndef QW_CONTROL_H
#define QW_CONTROL_H

#include "qw/io.h"

struct control;
int control_open(struct street *s, void *uv_loop, struct control **out, char *why, size_t why_size) QW_MUST_CHECK;
void control_close(struct control *c); /* closes its handles; the loop must still run once */
uint16_t control_http_port(const struct control *c); /* the actual one; 0: HTTP is off */

/* Client side, for the command line: sends one request line, reads one answer line (malloc'd, NUL-terminated). Blocks. */
int control_call(const char *socket_path, const char *request_line, char **answer, char *why, size_t why_size) QW_MUST_CHECK;

#endif
