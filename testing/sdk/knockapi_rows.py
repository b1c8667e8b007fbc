"""Calls every method of knockapi, the version on PYTHONPATH, against an API, and reads back what it did by another route.

Input: one line of JSON, {"host", "key", "messages": [{"id", "user"}], "feed", "channel"}. Output: a line of JSON for each
method, {"method", "error"}; error is null where it did what it says. A method without a row is an error.
"""

import inspect
import json
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime, timezone
from importlib.metadata import version

world = json.loads(sys.stdin.readline())
HOST, KEY, FEED, CHANNEL = world["host"], world["key"], world["feed"], world["channel"]
VERSION = version("knockapi")
names = 0


def fresh():
    global names
    names += 1
    return "p%s-%d" % (VERSION, names)


def call(method, path, body=None):
    """Status and JSON of a route, whatever the SDK makes of it."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"authorization": "Bearer " + KEY, "content-type": "application/json"}
    request = urllib.request.Request(HOST + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def get(path):
    status, body = call("GET", path)
    assert status == 200, (path, status, body)
    return body


def put(path, body=None):
    assert call("PUT", path, body or {})[0] == 200, path


def plain(value):
    return value.to_dict() if hasattr(value, "to_dict") else value


def equal(got, wanted):
    assert got == wanted, "%r is not %r" % (got, wanted)


def holds(value, text):
    value = value if isinstance(value, (dict, list)) else plain(value)
    assert text in json.dumps(value, default=str), "%s is not in %r" % (text, value)


def gone(path):
    equal(call("GET", path)[0], 404)


def done(operation):
    """Waits until a bulk operation is carried out."""
    id = plain(operation)["id"]
    for _ in range(200):
        over = get("/v1/bulk_operations/" + id)
        if over["status"] == "completed":
            return equal(over["error_count"], 0)
        time.sleep(0.05)
    raise AssertionError("the bulk operation is not over")


def message():
    return world["messages"].pop()


def user(id):
    return "/v1/users/" + id


def thing(id):
    return "/v1/objects/teams/" + id


def subscribe(object, recipients):
    equal(call("POST", thing(object) + "/subscriptions", {"recipients": recipients})[0], 200)


def subscriptions(id):
    return get(user(id) + "/subscriptions")["entries"]


LATER = datetime(2040, 1, 31, 9, 0, tzinfo=timezone.utc)
WEEKLY = [{"frequency": "weekly", "days": ["mon"], "hours": 9, "minutes": 30}]


def schedule(base):
    """Makes one for who is at this path; answers its id."""
    collection, id = base.split("/")[-2:]
    recipient = id if collection == "users" else {"collection": collection, "id": id}
    status, made = call("POST", "/v1/schedules", {"workflow": "invite", "recipients": [recipient], "repeats": WEEKLY})
    equal(status, 200)
    return made[0]["id"]


def schedules(base):
    return get(base + "/schedules")["entries"]


def preferences(base):
    return get(base + "/preferences/default")


def canceled(key):
    runs = get("/v1/workflow_recipient_runs?cancelation_key=" + key)["items"]
    return sorted(run["recipient"] for run in runs if run["status"] == "cancelled")


def none(run):
    """A feature that Belay does not serve."""

    def row():
        try:
            run()
        except Exception as error:
            return holds([str(error)], "404")
        raise AssertionError("it is served: write its row")

    return row


def broken(method):
    """A method of the package that cannot work with any server."""

    def row():
        try:
            method(fresh(), "email", False)
        except TypeError as error:
            return holds([str(error)], "multiple values")
        raise AssertionError("it works in this version: write its row")

    return row


def on_fresh(run, check):
    def row():
        id = fresh()
        run(id)
        check(id)

    return row


def after(prepare, run, check):
    def row():
        id = fresh()
        prepare(id)
        check(id, run(id))

    return row


def marks(run, field, before=None):
    def row():
        id = message()["id"]
        if before:
            put("/v1/messages/%s/%s" % (id, before))
        run(id)
        equal(get("/v1/messages/" + id).get(field) is None, before is not None)

    return row


def of_message(run, text=None):
    def row():
        given = message()
        holds(run(given), text(given) if text else given["id"])

    return row


def trigger_row(trigger):
    def row():
        key = fresh()
        trigger(key)
        runs = get("/v1/workflow_recipient_runs?cancelation_key=" + key)["items"]
        equal(sorted(run["recipient"] for run in runs), ["ada", "bob"])

    return row


def cancel_row(trigger, cancel):
    def row():
        key = fresh()
        trigger(key)
        cancel(key)
        equal(canceled(key), ["ada"])

    return row


OFF = {"email": False}


def tokens(base):
    return base + "/channel_data/" + CHANNEL


def with_tokens(base):
    return lambda id: put(tokens(base(id)), {"data": {"tokens": ["t1"]}})


def with_set(base):
    return lambda id: put(base(id) + "/preferences/default", {"channel_types": OFF})


def is_off(base):
    return lambda id: equal(preferences(base(id))["channel_types"], OFF)


def rows_of_0_1(knock):
    def trigger(key):
        knock.notify("invite", "ann", ["ada", "bob"], {"a": 1}, key)

    return {
        "notify": trigger_row(trigger),
        "cancel_notify": cancel_row(trigger, lambda key: knock.cancel_notify("invite", key, ["ada"])),
        "users.identify": on_fresh(
            lambda id: knock.users.identify(id, {"name": "Ada"}), lambda id: equal(get(user(id))["name"], "Ada")
        ),
        "users.get_user": after(
            lambda id: put(user(id), {"name": "Ada"}),
            lambda id: knock.users.get_user(id),
            lambda id, got: equal(got["name"], "Ada"),
        ),
    }


def merge_row(merge):
    """Another user is merged into this one: their properties come along, and they are gone."""

    def both(id):
        put(user(id), {"name": "Ada"})
        put(user("from-" + id), {"name": "Guest", "plan": "pro"})

    def check(id, _):
        equal([get(user(id))[key] for key in ("name", "plan")], ["Ada", "pro"])
        gone(user("from-" + id))

    return after(both, lambda id: merge(id, "from-" + id), check)


def has_schedule(id, got):
    equal([each["workflow"] for each in got["entries"]], ["invite"])
    holds(got["entries"], id)


def rows_of_0_5(knock):
    def trigger(key):
        knock.workflows.trigger("invite", ["ada", "bob"], {"a": 1}, cancellation_key=key)

    def parts(sdk, base, prefix, plural, single):
        """The three parts of a preference set, whole and by one of them."""
        rows = {}
        for part, name, field, (word, words) in (
            ("channel_types", "email", "channel_types", ("channel_type", "channel_types")),
            ("workflows", "invite", "workflows", ("workflow", "workflows")),
            ("categories", "social", "categories", ("category", "categories")),
        ):
            set_all, set_one = getattr(sdk, plural % words), getattr(sdk, single % word)
            check = (lambda field, name: lambda id: equal(preferences(base(id))[field], {name: False}))(field, name)
            args = (lambda id: ("teams", id)) if base is thing else (lambda id: (id,))
            rows[prefix + plural % words] = on_fresh(
                (lambda f, n, a: lambda id: f(*a(id), {n: False}))(set_all, name, args), check
            )
            rows[prefix + single % word] = on_fresh(
                (lambda f, n, a: lambda id: f(*a(id), n, False))(set_one, name, args), check
            )
        return rows

    u, o, m, w, t = knock.users, knock.objects, knock.messages, knock.workflows, knock.tenants
    rows = {
        "notify": trigger_row(lambda key: knock.notify("invite", ["ada", "bob"], {}, cancellation_key=key)),
        "workflows.trigger": trigger_row(trigger),
        "workflows.cancel": cancel_row(trigger, lambda key: w.cancel("invite", key, ["ada"])),
        "workflows.create_schedules": on_fresh(
            lambda id: w.create_schedules("invite", [id], repeats=WEEKLY, scheduled_at=LATER, data={"n": 1}),
            lambda id: equal([(each["data"], each["repeats"][0]["hours"]) for each in schedules(user(id))], [({"n": 1}, 9)]),
        ),
        "workflows.update_schedules": on_fresh(
            lambda id: w.update_schedules([schedule(user(id))], {"data": {"n": 2}, "ending_at": LATER}),
            lambda id: equal([(each["data"], each["repeats"][0]["hours"]) for each in schedules(user(id))], [({"n": 2}, 9)]),
        ),
        "workflows.list_schedules": after(
            lambda id: schedule(user(id)), lambda id: w.list_schedules("invite", {"recipients[]": [id]}), has_schedule
        ),
        "workflows.delete_schedules": on_fresh(
            lambda id: w.delete_schedules([schedule(user(id))]), lambda id: equal(schedules(user(id)), [])
        ),
        "users.identify": on_fresh(
            lambda id: u.identify(id, {"name": "Ada"}), lambda id: equal(get(user(id))["name"], "Ada")
        ),
        "users.list": after(lambda id: put(user(id)), lambda id: u.list(), lambda id, got: holds(got["entries"], "User")),
        "users.bulk_identify": on_fresh(
            lambda id: done(u.bulk_identify([{"id": id, "name": "Ada"}])),
            lambda id: equal(get(user(id))["name"], "Ada"),
        ),
        "users.delete": after(lambda id: put(user(id)), u.delete, lambda id, _: gone(user(id))),
        "users.bulk_delete": after(
            lambda id: put(user(id)), lambda id: done(u.bulk_delete([id])), lambda id, _: gone(user(id))
        ),
        "users.get_feed": of_message(lambda given: u.get_feed(given["user"], FEED)),
        "users.merge": merge_row(lambda into, other: u.merge(into, other)),
        "users.get_channel_data": after(
            with_tokens(user), lambda id: u.get_channel_data(id, CHANNEL), lambda id, got: holds(got, "t1")
        ),
        "users.set_channel_data": on_fresh(
            lambda id: u.set_channel_data(id, CHANNEL, {"tokens": ["t2"]}), lambda id: holds(get(tokens(user(id))), "t2")
        ),
        "users.unset_channel_data": after(
            with_tokens(user), lambda id: u.unset_channel_data(id, CHANNEL), lambda id, _: gone(tokens(user(id)))
        ),
        "users.get_all_preferences": after(
            with_set(user), u.get_all_preferences, lambda id, got: equal([each["id"] for each in got], ["default"])
        ),
        "users.get_preferences": after(
            with_set(user), u.get_preferences, lambda id, got: equal(got["channel_types"], OFF)
        ),
        "users.set_preferences": on_fresh(lambda id: u.set_preferences(id, channel_types=OFF), is_off(user)),
        "users.bulk_set_preferences": on_fresh(
            lambda id: done(u.bulk_set_preferences([id], {"channel_types": OFF})), is_off(user)
        ),
        "users.get_messages": of_message(lambda given: u.get_messages(given["user"])),
        "users.get_schedules": after(lambda id: schedule(user(id)), u.get_schedules, has_schedule),
        "users.get_subscriptions": after(
            lambda id: subscribe(id, [id]), u.get_subscriptions, lambda id, got: equal(got["entries"][0]["object"]["id"], id)
        ),
        "objects.get": after(
            lambda id: put(thing(id), {"name": "Red"}),
            lambda id: o.get("teams", id),
            lambda id, got: equal(got["properties"], {"name": "Red"}),
        ),
        "objects.list": after(
            lambda id: put(thing(id)), lambda id: o.list("teams"), lambda id, got: holds(got["entries"], "Object")
        ),
        "objects.set_object": on_fresh(
            lambda id: o.set_object("teams", id, {"name": "Red"}),
            lambda id: equal(get(thing(id))["properties"], {"name": "Red"}),
        ),
        "objects.bulk_set": on_fresh(
            lambda id: done(o.bulk_set("teams", [{"id": id, "name": "Red"}])),
            lambda id: equal(get(thing(id))["properties"], {"name": "Red"}),
        ),
        "objects.delete": after(
            lambda id: put(thing(id)), lambda id: o.delete("teams", id), lambda id, _: gone(thing(id))
        ),
        "objects.bulk_delete": after(
            lambda id: put(thing(id)), lambda id: done(o.bulk_delete("teams", [id])), lambda id, _: gone(thing(id))
        ),
        "objects.get_channel_data": after(
            with_tokens(thing), lambda id: o.get_channel_data("teams", id, CHANNEL), lambda id, got: holds(got, "t1")
        ),
        "objects.set_channel_data": on_fresh(
            lambda id: o.set_channel_data("teams", id, CHANNEL, {"tokens": ["t2"]}),
            lambda id: holds(get(tokens(thing(id))), "t2"),
        ),
        "objects.unset_channel_data": after(
            with_tokens(thing), lambda id: o.unset_channel_data("teams", id, CHANNEL), lambda id, _: gone(tokens(thing(id)))
        ),
        "objects.get_messages": on_fresh(lambda id: equal(o.get_messages("teams", id)["items"], []), lambda id: None),
        "objects.get_schedules": after(
            lambda id: schedule(thing(id)), lambda id: o.get_schedules("teams", id), has_schedule
        ),
        "objects.get_all_preferences": after(
            with_set(thing),
            lambda id: o.get_all_preferences("teams", id),
            lambda id, got: equal([each["id"] for each in got], ["default"]),
        ),
        "objects.get_preferences": after(
            with_set(thing), lambda id: o.get_preferences("teams", id), lambda id, got: equal(got["channel_types"], OFF)
        ),
        "objects.set_preferences": on_fresh(lambda id: o.set_preferences("teams", id, channel_types=OFF), is_off(thing)),
        "objects.list_subscriptions": after(
            lambda id: subscribe(id, [id]),
            lambda id: o.list_subscriptions("teams", id),
            lambda id, got: equal(got["entries"][0]["recipient"]["id"], id),
        ),
        "objects.get_subscriptions": after(
            lambda id: subscribe("of-" + id, [{"collection": "teams", "id": id}]),
            lambda id: o.get_subscriptions("teams", id),
            lambda id, got: equal(got["entries"][0]["object"]["id"], "of-" + id),
        ),
        "objects.add_subscriptions": on_fresh(
            lambda id: o.add_subscriptions("teams", id, [id]), lambda id: equal(len(subscriptions(id)), 1)
        ),
        "objects.bulk_add_subscriptions": on_fresh(
            lambda id: done(o.bulk_add_subscriptions("teams", [{"id": id, "recipients": [id]}])),
            lambda id: equal(len(subscriptions(id)), 1),
        ),
        "objects.delete_subscriptions": after(
            lambda id: subscribe(id, [id]),
            lambda id: o.delete_subscriptions("teams", id, [id]),
            lambda id, _: equal(subscriptions(id), []),
        ),
        "tenants.list": after(
            lambda id: put("/v1/tenants/" + id), lambda id: t.list(), lambda id, got: holds(got["entries"], "Tenant")
        ),
        "tenants.get": after(
            lambda id: put("/v1/tenants/" + id, {"name": "Acme"}), t.get, lambda id, got: equal(got["name"], "Acme")
        ),
        "tenants.set_tenant": on_fresh(
            lambda id: t.set_tenant(id, {"name": "Acme"}), lambda id: equal(get("/v1/tenants/" + id)["name"], "Acme")
        ),
        "tenants.delete": after(
            lambda id: put("/v1/tenants/" + id), t.delete, lambda id, _: gone("/v1/tenants/" + id)
        ),
        "messages.list": of_message(lambda given: m.list({"source": "invite", "page_size": 50})),
        "messages.get": of_message(lambda given: m.get(given["id"])),
        "messages.set_status": marks(lambda id: m.set_status(id, "archived"), "archived_at"),
        "messages.unset_status": marks(lambda id: m.unset_status(id, "archived"), "archived_at", "archived"),
        "messages.batch_set_status": marks(lambda id: m.batch_set_status([id], "read"), "read_at"),
        "messages.get_content": of_message(lambda given: m.get_content(given["id"])),
        "messages.get_activities": of_message(lambda given: m.get_activities(given["id"]), lambda given: given["user"]),
        "messages.get_events": of_message(lambda given: m.get_events(given["id"]), lambda given: "message.delivered"),
        "messages.get_delivery_logs": of_message(lambda given: m.get_delivery_logs(given["id"]), lambda given: "page_info"),
        "bulk_operations.get": on_fresh(
            lambda id: holds(knock.bulk_operations.get(u.bulk_identify([{"id": id}])["id"]), "BulkOperation"),
            lambda id: None,
        ),
    }
    for name in ("get", "get_user"):
        rows["users." + name] = after(
            lambda id: put(user(id), {"name": "Ada"}), getattr(u, name), lambda id, got: equal(got["name"], "Ada")
        )
    rows.update(parts(u, user, "users.", "set_%s_preferences", "set_%s_preferences"))
    rows.update(parts(o, thing, "objects.", "set_%s_preferences", "set_%s_preferences"))
    if hasattr(knock, "preferences"):
        p = knock.preferences
        rows.update(
            {
                "preferences.get_all": after(with_set(user), p.get_all, lambda id, got: equal(len(got), 1)),
                "preferences.get": after(with_set(user), p.get, lambda id, got: equal(got["channel_types"], OFF)),
                "preferences.update": on_fresh(lambda id: p.update(id, channel_types=OFF), is_off(user)),
            }
        )
        rows.update(parts(p, user, "preferences.", "set_%s", "set_%s"))
        # These pass their arguments on wrongly, and ask nothing.
        for name in ("set_channel_type", "set_workflow", "set_category"):
            rows["preferences." + name] = broken(getattr(p, name))
    return rows


def rows_of_1(knock):
    u, o, m, t, w = knock.users, knock.objects, knock.messages, knock.tenants, knock.workflows
    s = knock.schedules
    tenant = "/v1/tenants/"

    def trigger(key):
        w.trigger("invite", recipients=["ada", "bob"], cancellation_key=key, data={"a": 1})

    def run_of(key):
        trigger(key)
        return get("/v1/workflow_recipient_runs?cancelation_key=" + key)["items"][0]["id"]

    def everything(page):
        """A page goes on to the next by itself."""
        return [plain(each) for each in page]

    def has(id, got):
        holds(got, id)

    def of_either(prefix, sdk, base, args):
        """What users and objects have alike."""
        return {
            prefix + ".get_channel_data": after(
                with_tokens(base), lambda id: sdk.get_channel_data(*args(id), CHANNEL), lambda id, got: holds(got, "t1")
            ),
            prefix + ".set_channel_data": on_fresh(
                lambda id: sdk.set_channel_data(*args(id), CHANNEL, data={"tokens": ["t2"]}),
                lambda id: holds(get(tokens(base(id))), "t2"),
            ),
            prefix + ".unset_channel_data": after(
                with_tokens(base),
                lambda id: sdk.unset_channel_data(*args(id), CHANNEL),
                lambda id, _: gone(tokens(base(id))),
            ),
            prefix + ".list_preferences": after(
                with_set(base),
                lambda id: sdk.list_preferences(*args(id)),
                lambda id, got: equal([each.id for each in got], ["default"]),
            ),
            prefix + ".get_preferences": after(
                with_set(base),
                lambda id: sdk.get_preferences(*args(id), "default"),
                lambda id, got: equal(got.channel_types.email, False),
            ),
            prefix + ".set_preferences": on_fresh(
                lambda id: sdk.set_preferences(*args(id), "default", channel_types=OFF), is_off(base)
            ),
            prefix + ".unset_preferences": after(
                with_set(base),
                lambda id: sdk.unset_preferences(*args(id), "default"),
                lambda id, _: equal(preferences(base(id))["channel_types"], None),
            ),
            prefix + ".list_schedules": after(
                lambda id: schedule(base(id)),
                lambda id: everything(sdk.list_schedules(*args(id))),
                lambda id, got: equal([each["workflow"] for each in got], ["invite"]),
            ),
            prefix + ".delete": after(lambda id: put(base(id)), lambda id: sdk.delete(*args(id)), lambda id, _: gone(base(id))),
        }

    rows = {
        "workflows.trigger": trigger_row(trigger),
        "workflows.cancel": cancel_row(
            trigger, lambda key: w.cancel("invite", cancellation_key=key, recipients=["ada"])
        ),
        "schedules.create": on_fresh(
            lambda id: s.create(workflow="invite", recipients=[id], repeats=WEEKLY, scheduled_at=LATER, data={"n": 1}),
            lambda id: equal([(each["data"], each["repeats"][0]["hours"]) for each in schedules(user(id))], [({"n": 1}, 9)]),
        ),
        "schedules.update": on_fresh(
            lambda id: s.update(schedule_ids=[schedule(user(id))], data={"n": 2}, ending_at=LATER),
            lambda id: equal([(each["data"], each["repeats"][0]["hours"]) for each in schedules(user(id))], [({"n": 2}, 9)]),
        ),
        "schedules.list": after(
            lambda id: schedule(user(id)),
            lambda id: everything(s.list(workflow="invite", recipients=[id])),
            lambda id, got: equal([each["recipient"]["id"] for each in got], [id]),
        ),
        "schedules.delete": on_fresh(
            lambda id: s.delete(schedule_ids=[schedule(user(id))]), lambda id: equal(schedules(user(id)), [])
        ),
        "schedules.bulk.create": on_fresh(
            lambda id: done(s.bulk.create(schedules=[{"workflow": "invite", "recipient": id, "scheduled_at": LATER}])),
            lambda id: equal(len(schedules(user(id))), 1),
        ),
        "workflow_recipient_runs.get": on_fresh(
            lambda id: holds(knock.workflow_recipient_runs.get(run_of(id)), "received"), lambda id: None
        ),
        "workflow_recipient_runs.list": after(
            run_of, lambda id: everything(knock.workflow_recipient_runs.list(workflow="invite")), has
        ),
        "users.update": on_fresh(
            lambda id: u.update(id, name="Ada", extra_body={"plan": "pro"}),
            lambda id: equal([get(user(id))[key] for key in ("name", "plan")], ["Ada", "pro"]),
        ),
        "users.get": after(
            lambda id: put(user(id), {"name": "Ada"}), u.get, lambda id, got: equal(got.name, "Ada")
        ),
        "users.list": after(lambda id: put(user(id)), lambda id: everything(u.list(page_size=7)), has),
        "users.list_messages": of_message(lambda given: everything(u.list_messages(given["user"]))),
        "users.list_subscriptions": after(
            lambda id: subscribe("of-" + id, [id]),
            lambda id: everything(u.list_subscriptions(id)),
            lambda id, got: equal(got[0]["object"]["id"], "of-" + id),
        ),
        "users.merge": merge_row(lambda into, other: u.merge(into, from_user_id=other)),
        "users.feeds.list_items": of_message(lambda given: everything(u.feeds.list_items(given["user"], FEED))),
        "users.feeds.get_settings": on_fresh(lambda id: holds(u.feeds.get_settings(id, FEED), "branding"), lambda id: None),
        "users.bulk.identify": on_fresh(
            lambda id: done(u.bulk.identify(users=[{"id": id, "name": "Ada"}])),
            lambda id: equal(get(user(id))["name"], "Ada"),
        ),
        "users.bulk.delete": after(
            lambda id: put(user(id)), lambda id: done(u.bulk.delete(user_ids=[id])), lambda id, _: gone(user(id))
        ),
        "users.bulk.set_preferences": on_fresh(
            lambda id: done(u.bulk.set_preferences(user_ids=[id], preferences={"channel_types": OFF})), is_off(user)
        ),
        "objects.set": on_fresh(
            lambda id: o.set("teams", id, name="Red"), lambda id: equal(get(thing(id))["properties"], {"name": "Red"})
        ),
        "objects.get": after(
            lambda id: put(thing(id), {"name": "Red"}),
            lambda id: o.get("teams", id),
            lambda id, got: equal(got.properties, {"name": "Red"}),
        ),
        "objects.list": after(lambda id: put(thing(id)), lambda id: everything(o.list("teams")), has),
        "objects.list_messages": on_fresh(lambda id: equal(everything(o.list_messages("teams", id)), []), lambda id: None),
        "objects.add_subscriptions": on_fresh(
            lambda id: o.add_subscriptions("teams", id, recipients=[id]), lambda id: equal(len(subscriptions(id)), 1)
        ),
        "objects.delete_subscriptions": after(
            lambda id: subscribe(id, [id]),
            lambda id: o.delete_subscriptions("teams", id, recipients=[id]),
            lambda id, _: equal(subscriptions(id), []),
        ),
        "objects.list_subscriptions": after(
            lambda id: subscribe("of-" + id, [id]),
            lambda id: everything(o.list_subscriptions("teams", "of-" + id)),
            lambda id, got: equal(got[0]["recipient"]["id"], id),
        ),
        "objects.bulk.set": on_fresh(
            lambda id: done(o.bulk.set("teams", objects=[{"id": id, "name": "Red"}])),
            lambda id: equal(get(thing(id))["properties"], {"name": "Red"}),
        ),
        "objects.bulk.delete": after(
            lambda id: put(thing(id)), lambda id: done(o.bulk.delete("teams", object_ids=[id])), lambda id, _: gone(thing(id))
        ),
        "objects.bulk.add_subscriptions": on_fresh(
            lambda id: done(o.bulk.add_subscriptions("teams", subscriptions=[{"id": id, "recipients": [id]}])),
            lambda id: equal(len(subscriptions(id)), 1),
        ),
        "objects.bulk.delete_subscriptions": after(
            lambda id: subscribe(id, [id]),
            lambda id: done(o.bulk.delete_subscriptions("teams", subscriptions=[{"id": id, "recipients": [id]}])),
            lambda id, _: equal(subscriptions(id), []),
        ),
        "tenants.set": on_fresh(lambda id: t.set(id, name="Acme"), lambda id: equal(get(tenant + id)["name"], "Acme")),
        "tenants.get": after(
            lambda id: put(tenant + id, {"name": "Acme"}), t.get, lambda id, got: equal(got.name, "Acme")
        ),
        "tenants.list": after(lambda id: put(tenant + id), lambda id: everything(t.list()), has),
        "tenants.delete": after(lambda id: put(tenant + id), t.delete, lambda id, _: gone(tenant + id)),
        "tenants.bulk.set": on_fresh(
            lambda id: done(t.bulk.set(tenants=[{"id": id, "name": "Acme"}])),
            lambda id: equal(get(tenant + id)["name"], "Acme"),
        ),
        "tenants.bulk.delete": after(
            lambda id: put(tenant + id), lambda id: done(t.bulk.delete(tenant_ids=[id])), lambda id, _: gone(tenant + id)
        ),
        "bulk_operations.get": on_fresh(
            lambda id: equal(knock.bulk_operations.get(u.bulk.identify(users=[{"id": id}]).id).name, "users.identify"),
            lambda id: None,
        ),
        "messages.list": of_message(lambda given: everything(m.list(source="invite"))),
        "messages.get": of_message(lambda given: m.get(given["id"])),
        "messages.get_content": of_message(
            lambda given: {"type": type(m.get_content(given["id"]).data).__name__}, lambda given: "InAppFeed"
        ),
        "messages.list_events": of_message(
            lambda given: everything(m.list_events(given["id"])), lambda given: "message.delivered"
        ),
        "messages.list_activities": of_message(
            lambda given: everything(m.list_activities(given["id"])), lambda given: given["user"]
        ),
        "messages.list_delivery_logs": of_message(
            lambda given: [len(everything(m.list_delivery_logs(given["id"])))], lambda given: "[0]"
        ),
        "messages.batch.get_content": of_message(
            lambda given: [plain(each) for each in m.batch.get_content(message_ids=[given["id"]])]
        ),
        "channels.bulk.update_message_status": bulk_status(
            lambda of: knock.channels.bulk.update_message_status(FEED, "read", recipient_ids=[of])
        ),
    }
    for name, field, before in (
        ("mark_as_seen", "seen_at", None),
        ("mark_as_unseen", "seen_at", "seen"),
        ("mark_as_read", "read_at", None),
        ("mark_as_unread", "read_at", "read"),
        ("mark_as_interacted", "interacted_at", None),
        ("archive", "archived_at", None),
        ("unarchive", "archived_at", "archived"),
    ):
        one, many = getattr(m, name), getattr(m.batch, name)
        rows["messages." + name] = marks(one, field, before)
        rows["messages.batch." + name] = marks((lambda many: lambda id: many(message_ids=[id]))(many), field, before)
    rows.update(of_either("users", u, user, lambda id: (id,)))
    rows.update(of_either("objects", o, thing, lambda id: ("teams", id)))
    return rows


UNSERVED = ("audiences", "integrations", "providers")


def none_of(knock, method):
    """Called with a text for whatever it needs."""
    part = knock
    for name in method.split("."):
        part = getattr(part, name)
    needed = [each for each in inspect.signature(part).parameters.values() if each.default is inspect.Parameter.empty]
    positional = ["a" for each in needed if each.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    named = {each.name: "a" for each in needed if each.kind is inspect.Parameter.KEYWORD_ONLY}

    return none(lambda: part(*positional, **named))


def bulk_status(run):
    def row():
        given = message()
        done(run(given["user"]))
        assert get("/v1/messages/" + given["id"])["read_at"]

    return row


def methods_of(part, path=()):
    """Names of all methods: of resources that are properties of their client, or attributes of it."""
    own = ["request", "with_raw_response", "with_streaming_response"]
    found = []
    for name in dir(type(part)):
        if name.startswith("_") or name in own:
            continue
        value = inspect.getattr_static(type(part), name)
        if inspect.isfunction(value):
            if path or name in ("notify", "cancel_notify"):
                found.append(".".join((*path, name)))
        elif isinstance(value, property) or type(value).__name__ == "cached_property":
            child = getattr(part, name)
            if type(child).__module__.startswith("knockapi.resources"):
                found += methods_of(child, (*path, name))
    return found


def main():
    from knockapi import Knock

    if VERSION.startswith("0."):
        knock = Knock(KEY, host=HOST)
        rows = rows_of_0_1(knock) if VERSION.startswith("0.1") else rows_of_0_5(knock)
    else:
        # What is answered is held against the types of Knock's own document.
        knock = Knock(api_key=KEY, base_url=HOST, max_retries=0, _strict_response_validation=True)
        rows = rows_of_1(knock)
        # Whatever of it Belay does not serve is not in the table of rows, and held to say so.
        for method in methods_of(knock):
            if method.split(".")[0] in UNSERVED or method.startswith(("users.guides.", "users.preference_center.")):
                rows.setdefault(method, none_of(knock, method))
    for method in sorted({*methods_of(knock), *rows}):
        error = None
        try:
            rows[method]()
        except KeyError as missing:
            error = "no row" if missing.args == (method,) else repr(missing)
        except Exception as failed:
            error = "%s: %s %s" % (type(failed).__name__, failed, str(failed.__cause__ or "")[:600])
        print(json.dumps({"method": method, "error": error}), flush=True)


main()
