/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/control.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "export/json.h"
#include "kernel/paths.h"

#define CLIENTS_MAX 32
#define ASK_SECONDS 5
#define BACKLOG     (8 << 20) /* octets that a client may leave unread: all events kept */

static int socket_address(struct sockaddr_un *address, struct error *e)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	if (snprintf(address->sun_path, sizeof(address->sun_path), "%s/control", run_dir()) >=
	    (int)sizeof(address->sun_path))
		return fail(e, EXIT_FAILED, "SIPWARD_RUN_DIR is too long for a socket: %s",
			    run_dir());
	return 0;
}

void control_drop(struct control *control, struct control_client *client)
{
	for (size_t i = 0; i < control->client_count; i++)
		if (control->clients[i] == client)
			control->clients[i] = NULL;
	loop_remove(control->loop, client->fd);
	close(client->fd);
	free(client);
}

static void on_input(void *context, int fd)
{
	struct control *control = context;
	struct control_client *client = NULL;
	char *end;
	ssize_t got;

	for (size_t i = 0; i < control->client_count; i++)
		if (control->clients[i] && control->clients[i]->fd == fd)
			client = control->clients[i];
	if (!client)
		return;
	got = recv(fd, client->line + client->used, sizeof(client->line) - 1 - client->used, 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0 || client->waits) {
		control_drop(control, client);
		return;
	}
	client->used += got;
	client->line[client->used] = '\0';
	end = strchr(client->line, '\n');
	if (!end && client->used < sizeof(client->line) - 1)
		return;
	if (end)
		*end = '\0';
	client->used = 0;
	if (!end || !control->command(control->context, client, client->line))
		control_drop(control, client);
}

static void on_connect(void *context, int listener)
{
	struct control *control = context;
	struct control_client *client;
	size_t slot = 0;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), room = BACKLOG;

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	while (slot < control->client_count && control->clients[slot])
		slot++;
	if (slot == CLIENTS_MAX || loop_add(control->loop, fd, on_input, control, NULL) < 0) {
		close(fd);
		return;
	}
	client = xcalloc(1, sizeof(*client));
	client->fd = fd;
	client->number = ++control->number;
	if (slot < control->client_count)
		control->clients[slot] = client;
	else
		append(control->clients, control->client_count, client);
}

static int start_listening(struct control *control, struct error *e)
{
	struct sockaddr_un address;
	mode_t mask;
	int bound;

	/* Made anew in the midst of a round of the loop, it may be called for what the one before
	 * had: accept() must not wait then. */
	control->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (socket_address(&address, e) < 0)
		return -1;
	unlink(address.sun_path); /* of an agent that is gone: the state lock is ours */
	mask = umask(0077);
	bound = bind(control->listener, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (bound < 0 || listen(control->listener, 8) < 0)
		return fail(e, EXIT_FAILED, "cannot listen on %s: %s", address.sun_path,
			    strerror(errno));
	return loop_add(control->loop, control->listener, on_connect, control, e);
}

int control_open(struct control *control, struct loop *loop, struct error *e)
{
	control->loop = loop;
	return start_listening(control, e);
}

int control_keep(struct control *control, struct error *e)
{
	struct sockaddr_un address;
	struct stat is;

	if (socket_address(&address, e) < 0)
		return -1;
	if (lstat(address.sun_path, &is) == 0 && S_ISSOCK(is.st_mode))
		return 0;
	if (control->listener >= 0)
		loop_remove(control->loop, control->listener);
	close_fd(&control->listener);
	return start_listening(control, e) < 0 ? -1 : 1;
}

void control_close(struct control *control)
{
	struct sockaddr_un address;

	if (control->listener < 0)
		return;
	for (size_t i = 0; i < control->client_count; i++)
		if (control->clients[i])
			control_drop(control, control->clients[i]);
	free(control->clients);
	close_fd(&control->listener);
	control->listener = -1;
	if (socket_address(&address, NULL) == 0)
		unlink(address.sun_path);
}

bool control_send(struct control_client *client, struct json_object *o)
{
	auto_free char *line = xasprintf("%s\n", json_object_to_json_string_ext(o, JSON_STYLE));
	size_t size = strlen(line);

	if (send(client->fd, line, size, MSG_NOSIGNAL) == (ssize_t)size)
		return true;
	shutdown(client->fd, SHUT_RDWR);
	return false;
}

void control_answer(struct control *control, uint64_t number, struct json_object *o)
{
	for (size_t i = 0; i < control->client_count; i++) {
		struct control_client *client = control->clients[i];

		if (!client || client->number != number)
			continue;
		control_send(client, o);
		control_drop(control, client);
		return;
	}
}

void control_tick(struct control *control)
{
	for (size_t i = 0; i < control->client_count; i++) {
		struct control_client *client = control->clients[i];

		if (client && client->waits && send(client->fd, "\n", 1, MSG_NOSIGNAL) != 1)
			shutdown(client->fd, SHUT_RDWR);
	}
}

void control_publish(struct control *control, struct json_object *o)
{
	for (size_t i = 0; i < control->client_count; i++)
		if (control->clients[i] && control->clients[i]->follows)
			control_send(control->clients[i], o);
}

bool control_has_followers(const struct control *control)
{
	for (size_t i = 0; i < control->client_count; i++)
		if (control->clients[i] && control->clients[i]->follows)
			return true;
	return false;
}

FILE *control_ask(const char *command, struct error *e)
{
	auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval timeout = {.tv_sec = ASK_SECONDS};
	struct sockaddr_un address;
	FILE *stream;

	if (socket_address(&address, e) < 0)
		return NULL;
	/* Connecting waits, too, when many others wait for an agent that accepts nobody. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		if (errno == EACCES || errno == EPERM)
			fail(e, EXIT_PRIVILEGE,
			     "%s: no permission to ask the agent: %s; run it as root",
			     address.sun_path, strerror(errno));
		else if (errno == EAGAIN || errno == EINPROGRESS)
			fail(e, EXIT_FAILED,
			     "%s: the agent did not take the connection for %d s: it is stopped, "
			     "busy or hanging; what is attached keeps running",
			     address.sun_path, ASK_SECONDS);
		else
			fail(e, EXIT_NOT_RUNNING,
			     "%s: no agent answers there: %s; start it "
			     "(sipward run, or systemctl start sipward)",
			     address.sun_path, strerror(errno));
		return NULL;
	}
	if (dprintf(fd, "%s\n", command) < 0 || !(stream = fdopen(fd, "r"))) {
		fail(e, EXIT_FAILED, "%s: %s", address.sun_path, strerror(errno));
		return NULL;
	}
	take_fd(fd);
	return stream;
}
