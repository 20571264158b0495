"""As `_rpc_messages`: of what a session was, names and declares, and of its copies."""

from collections.abc import Mapping
from typing import Final, TypeAlias

from google.protobuf.message import Message

from . import _past_wire as past
from . import _update_wire as updates
from ._message_parts import Method, session_of, ttl_of, variable_of
from .v1 import sessions_pb2 as sessions
from .v1 import variables_pb2 as variables

PastChange: TypeAlias = (
    updates.Restore | updates.Declare | updates.Checkpoint | updates.DeleteCheckpoint | updates.Rollback
)


def write(message: variables.Operation, change: PastChange) -> None:
    """Writes a change into its operation."""
    match change:
        case updates.Restore(revision):
            message.restore.CopyFrom(variables.RestoreOperation(revision=revision))
        case updates.Declare(schema):
            message.declare.CopyFrom(variables.DeclareOperation(schema=schema))
        case updates.Checkpoint(label):
            message.checkpoint.CopyFrom(variables.CheckpointOperation(label=label))
        case updates.DeleteCheckpoint(label):
            message.delete_checkpoint.CopyFrom(variables.DeleteCheckpointOperation(label=label))
        case updates.Rollback(label):
            message.rollback.CopyFrom(variables.RollbackOperation(label=label))


_HISTORY_KINDS: Final[Mapping[int, past.HistoryKind]] = {
    variables.HistoryEntry.KIND_SET: "set",
    variables.HistoryEntry.KIND_DELETE: "delete",
    variables.HistoryEntry.KIND_EXPIRE: "expire",
}


def _history_entry(entry: variables.HistoryEntry) -> past.HistoryEntryAnswer:
    return past.HistoryEntryAnswer(
        kind=_HISTORY_KINDS.get(entry.kind),
        revision=entry.revision,
        at_ms=entry.at_ms,
        variable=variable_of(entry.variable) if entry.HasField("variable") else None,
    )


def _history(answer: variables.GetVariableHistoryResponse) -> past.GetHistoryAnswer:
    return past.GetHistoryAnswer(
        entries=[_history_entry(entry) for entry in answer.entries],
        next_before=answer.next_before if answer.HasField("next_before") else None,
    )


def _checkpoint(checkpoint: sessions.CheckpointInfo) -> past.CheckpointAnswer:
    return past.CheckpointAnswer(
        label=checkpoint.label,
        revision=checkpoint.revision,
        created_at_ms=checkpoint.created_at_ms,
        variable_count=checkpoint.variable_count,
        size_bytes=checkpoint.size_bytes,
    )


def _fork_session(ask: past.ForkSession) -> Message:
    return sessions.ForkSessionRequest(
        session_id=ask.session_id,
        new_session_id=ask.new_session_id,
        ttl=ttl_of(ask.ttl),
        labels=None if ask.labels is None else sessions.SessionLabels(labels=ask.labels),
        at_revision=ask.at_revision,
    )


METHODS: Final[Mapping[type, Method]] = {
    past.GetHistory: Method(
        lambda ask: variables.GetVariableHistoryRequest(
            session_id=ask.session_id, name=ask.name, before=ask.before, limit=ask.limit
        ),
        variables.GetVariableHistoryResponse.FromString,
        _history,
    ),
    past.ListDeclarations: Method(
        lambda ask: variables.ListDeclarationsRequest(session_id=ask.session_id),
        variables.ListDeclarationsResponse.FromString,
        lambda answer: [past.DeclarationAnswer(each.name, each.schema) for each in answer.declarations],
    ),
    past.ListCheckpoints: Method(
        lambda ask: sessions.ListCheckpointsRequest(session_id=ask.session_id),
        sessions.ListCheckpointsResponse.FromString,
        lambda answer: [_checkpoint(checkpoint) for checkpoint in answer.checkpoints],
    ),
    past.ForkSession: Method(
        _fork_session, sessions.ForkSessionResponse.FromString, lambda answer: session_of(answer.session)
    ),
}
