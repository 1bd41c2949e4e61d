"""libmodsecurity behind its Python binding: reads rounds of requests, answers what each cost.

    modsecurity.py FILE...

The files are SecLang, loaded in this order. Each line of standard input is a round, JSON:

    {"requests": [{"method", "uri", "version", "headers": [[name, value]], "body",
                   "answer": null or {"status", "headers", "body"}}]}

Every text stands for bytes, a character a byte (ISO 8859-1). Each round is answered by a line:

    {"answers": [{"us": CPU time of the thread, "status": 200 or what was decided, "rules": [id]}]}

The first line of the output is {"version": ..., "rules": how many were loaded}.

The time is that of the calls a connector makes for a request: connection, URI, headers, body,
the response where there is an answer, logging (whose audit log is off), each followed by the
question whether to intervene; the transaction is made and ended within it. The binding's share
is some microseconds. One that is refused ends there, as in a server.
"""

import json
import sys
import time

import libmodsecurity


def octets(text):
    return text.encode("latin-1")


def prepared(request):
    """Everything as bytes, so that the time has nothing of it."""
    answer = request.get("answer")
    if answer:
        answer = {
            "status": answer["status"],
            "headers": [(octets(name), octets(value)) for name, value in answer["headers"]],
            "body": octets(answer["body"]),
        }
    return {
        "method": octets(request["method"]),
        "uri": octets(request["uri"]),
        "version": octets(request["version"]),
        "headers": [(octets(name), octets(value)) for name, value in request["headers"]],
        "body": octets(request["body"]),
        "answer": answer,
    }


def phases(transaction, request):
    """Runs a step at a time; the caller asks for an intervention after each."""
    transaction.process_connection("203.0.113.7", 50000, "192.0.2.1", 80)
    yield
    transaction.process_uri(request["uri"], request["method"], request["version"])
    yield
    for name, value in request["headers"]:
        transaction.add_request_header(name, value)
    transaction.process_request_headers()
    yield
    if request["body"]:
        transaction.append_request_body(request["body"])
    transaction.process_request_body()
    yield
    answer = request["answer"]
    if answer:
        for name, value in answer["headers"]:
            transaction.add_response_header(name, value)
        transaction.process_response_headers(answer["status"], "HTTP/1.1")
        yield
        transaction.append_response_body(answer["body"])
        transaction.process_response_body()
        yield


def run(engine, rules, request):
    status = 200
    begun = time.thread_time_ns()
    transaction = libmodsecurity.Transaction(engine, rules)
    for _ in phases(transaction, request):
        intervention = transaction.intervention()
        if intervention is not None and intervention.disruptive:
            status = intervention.status
            break
    transaction.process_logging()
    asked = time.thread_time_ns()
    matched = [message.rule_id for message in transaction.get_rule_messages()]
    told = time.thread_time_ns()
    del transaction
    ended = time.thread_time_ns()
    us = (asked - begun + ended - told) / 1000
    return {"us": us, "status": status, "rules": matched}


def main():
    engine = libmodsecurity.ModSecurity()
    # Without one it writes every match to standard error.
    engine.set_log_callback(lambda _: None)
    rules = libmodsecurity.RulesSet()
    loaded = 0
    for path in sys.argv[1:]:
        count = rules.load_from_uri(path)
        if count < 0:
            sys.exit(f"{path}: {rules.get_parser_error()}")
        loaded += count
    print(json.dumps({"version": engine.who_am_i(), "rules": loaded}), flush=True)
    for line in sys.stdin:
        requests = [prepared(request) for request in json.loads(line)["requests"]]
        answers = [run(engine, rules, request) for request in requests]
        print(json.dumps({"answers": answers}), flush=True)


main()
