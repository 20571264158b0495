"""Requests and answers to generated messages and back: one row for each call, in one table."""

from collections.abc import Mapping
from typing import Final

from google.protobuf.message import Message

from . import _past_messages as past
from . import _update_wire as updates
from . import _wire as wire
from ._message_parts import Method, info_of, session_of, ttl_of, variable_of
from .v1 import common_pb2 as common
from .v1 import sessions_pb2 as sessions
from .v1 import variables_pb2 as variables


def _defaults(defaults: wire.Defaults | None) -> common.SessionDefaults | None:
    return None if defaults is None else common.SessionDefaults(ttl=ttl_of(defaults.ttl), labels=defaults.labels)


def _previous(answer: variables.SetVariableResponse | variables.DeleteVariableResponse) -> wire.Encoded | None:
    if not answer.HasField("previous"):
        return None
    return wire.Encoded(answer.previous.value, answer.previous.info.encoding)


def _get_variable(ask: wire.GetVariable) -> Message:
    message = variables.GetVariableRequest()
    message.session_id = ask.session_id
    message.name = ask.name
    if ask.include_info:
        message.include_info = True
    return message


def _got_variable(answer: variables.GetVariableResponse) -> wire.GetVariableAnswer:
    encoded = wire.Encoded(answer.value, answer.encoding) if answer.found else None
    info = info_of(answer.info) if answer.HasField("info") else None
    return wire.GetVariableAnswer(encoded, info, answer.session_revision)


def _set_variable(ask: wire.SetVariable) -> Message:
    return variables.SetVariableRequest(
        session_id=ask.session_id,
        name=ask.name,
        value=ask.encoded.value,
        encoding=ask.encoded.encoding,
        ttl=ttl_of(ask.ttl),
        if_revision=ask.if_revision,
        if_missing=ask.if_missing,
        must_exist=ask.must_exist,
        defaults=_defaults(ask.defaults),
    )


def _delete_variable(ask: wire.DeleteVariable) -> Message:
    return variables.DeleteVariableRequest(
        session_id=ask.session_id,
        name=ask.name,
        if_revision=ask.if_revision,
        want_previous=ask.want_previous,
        must_exist=ask.must_exist,
    )


def _list_variables(ask: wire.ListVariables) -> Message:
    return variables.ListVariablesRequest(session_id=ask.session_id, prefix=ask.prefix, page_token=ask.page_token)


def _get_variables(ask: wire.GetVariables) -> Message:
    return variables.GetVariablesRequest(
        session_id=ask.session_id,
        names=ask.names,
        prefix=ask.prefix,
        include_info=ask.include_info,
        page_token=ask.page_token,
    )


def _got_variables(answer: variables.GetVariablesResponse) -> wire.GetVariablesAnswer:
    return wire.GetVariablesAnswer(
        values=answer.values,
        custom=[variable_of(variable) for variable in answer.custom],
        next_page_token=answer.next_page_token,
        infos=[info_of(info) for info in answer.infos],
        session_revision=answer.session_revision,
    )


def _operation(operation: updates.Operation) -> variables.Operation:
    message = variables.Operation(name=operation.name, if_revision=operation.if_revision)
    match operation.change:
        case updates.Set(encoded, ttl):
            message.set.CopyFrom(
                variables.SetOperation(value=encoded.value, encoding=encoded.encoding, ttl=ttl_of(ttl))
            )
        case updates.Delete():
            message.delete.CopyFrom(variables.DeleteOperation())
        case updates.Increment(by):
            message.increment.CopyFrom(variables.IncrementOperation(by=by))
        case updates.Append(value, keep_last):
            message.append.CopyFrom(variables.AppendOperation(value=value, keep_last=keep_last))
        case updates.Merge(values, path, remove):
            message.merge.CopyFrom(variables.MergeOperation(values=values, path=path, remove=remove))
        case updates.Clear(prefix):
            message.clear.CopyFrom(variables.ClearOperation(prefix=prefix))
        case updates.PopLast():
            message.pop_last.CopyFrom(variables.PopLastOperation())
        case updates.Expire(ttl):
            message.expire.CopyFrom(variables.ExpireOperation(ttl=ttl_of(ttl)))
        case None:
            pass  # A precondition is an operation without a change.
        case change:
            past.write(message, change)
    return message


def _update_variables(ask: updates.UpdateVariables) -> Message:
    return variables.UpdateVariablesRequest(
        session_id=ask.session_id,
        values=ask.values,
        operations=[_operation(operation) for operation in ask.operations],
        must_exist=ask.must_exist,
        defaults=_defaults(ask.defaults),
    )


def _result(result: variables.OperationResult) -> updates.OperationAnswer:
    return updates.OperationAnswer(
        revision=result.revision,
        previous=variable_of(result.previous) if result.HasField("previous") else None,
        number=result.number,
        count=result.count,
        applied=result.applied,
    )


def _create_session(ask: wire.CreateSession) -> Message:
    return sessions.CreateSessionRequest(
        session_id=ask.session_id,
        ttl=ttl_of(ask.ttl),
        labels=ask.labels,
        max_life_ms=ask.max_life_ms,
        history_entries=ask.history_entries,
    )


def _list_sessions(ask: wire.ListSessions) -> Message:
    return sessions.ListSessionsRequest(prefix=ask.prefix, labels=ask.labels, page_token=ask.page_token)


def _watch_variables(ask: wire.WatchVariables) -> variables.WatchVariablesRequest:
    return variables.WatchVariablesRequest(
        session_id=ask.session_id,
        names=ask.names,
        prefix=ask.prefix,
        since=ask.since,
        without_values=ask.without_values,
    )


_CHANGE_KINDS: Final[Mapping[int, wire.ChangeKind]] = {
    variables.CHANGE_KIND_SET: "set",
    variables.CHANGE_KIND_DELETE: "delete",
    variables.CHANGE_KIND_EXPIRE: "expire",
    variables.CHANGE_KIND_SESSION_CREATED: "session_created",
    variables.CHANGE_KIND_SESSION_DELETED: "session_deleted",
    variables.CHANGE_KIND_SESSION_EXPIRED: "session_expired",
}


def _change(change: variables.VariableChange) -> wire.ChangeAnswer:
    variable = variable_of(change.variable) if change.HasField("variable") else None
    return wire.ChangeAnswer(_CHANGE_KINDS.get(change.kind), change.name, change.revision, variable, change.last)


def _watched(answer: variables.WatchVariablesResponse) -> wire.WatchAnswer:
    revision = answer.revision if answer.HasField("revision") else None
    return wire.WatchAnswer([_change(change) for change in answer.changes], revision, answer.caught_up)


METHODS: Final[Mapping[type, Method]] = {
    wire.GetVariable: Method(_get_variable, variables.GetVariableResponse.FromString, _got_variable),
    wire.SetVariable: Method(
        _set_variable,
        variables.SetVariableResponse.FromString,
        lambda answer: wire.SetVariableAnswer(answer.applied, answer.revision, _previous(answer)),
    ),
    wire.DeleteVariable: Method(
        _delete_variable,
        variables.DeleteVariableResponse.FromString,
        lambda answer: wire.DeleteVariableAnswer(answer.deleted, _previous(answer)),
    ),
    wire.ListVariables: Method(
        _list_variables,
        variables.ListVariablesResponse.FromString,
        lambda answer: wire.ListVariablesAnswer([info_of(info) for info in answer.variables], answer.next_page_token),
    ),
    wire.GetVariables: Method(_get_variables, variables.GetVariablesResponse.FromString, _got_variables),
    updates.UpdateVariables: Method(
        _update_variables,
        variables.UpdateVariablesResponse.FromString,
        lambda answer: updates.UpdateVariablesAnswer(
            [_result(result) for result in answer.results], answer.session_revision
        ),
    ),
    wire.WatchVariables: Method(_watch_variables, variables.WatchVariablesResponse.FromString, _watched),
    wire.CreateSession: Method(
        _create_session, sessions.CreateSessionResponse.FromString, lambda answer: session_of(answer.session)
    ),
    wire.GetSession: Method(
        lambda ask: sessions.GetSessionRequest(session_id=ask.session_id),
        sessions.GetSessionResponse.FromString,
        lambda answer: session_of(answer.session),
    ),
    wire.ListSessions: Method(
        _list_sessions,
        sessions.ListSessionsResponse.FromString,
        lambda answer: wire.ListSessionsAnswer(
            [session_of(session) for session in answer.sessions], answer.next_page_token
        ),
    ),
    wire.TouchSession: Method(
        lambda ask: sessions.TouchSessionRequest(session_id=ask.session_id, ttl=ttl_of(ask.ttl)),
        sessions.TouchSessionResponse.FromString,
        lambda answer: session_of(answer.session),
    ),
    wire.DeleteSession: Method(
        lambda ask: sessions.DeleteSessionRequest(session_id=ask.session_id),
        sessions.DeleteSessionResponse.FromString,
        lambda answer: answer.deleted,
    ),
    wire.Greet: Method(
        lambda ask: sessions.GetServerInfoRequest(),
        sessions.GetServerInfoResponse.FromString,
        lambda answer: answer.version,
    ),
    **past.METHODS,
}
