from session_bridge.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ChangeKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHANGE_KIND_UNSPECIFIED: _ClassVar[ChangeKind]
    CHANGE_KIND_SET: _ClassVar[ChangeKind]
    CHANGE_KIND_DELETE: _ClassVar[ChangeKind]
    CHANGE_KIND_EXPIRE: _ClassVar[ChangeKind]
    CHANGE_KIND_SESSION_CREATED: _ClassVar[ChangeKind]
    CHANGE_KIND_SESSION_DELETED: _ClassVar[ChangeKind]
    CHANGE_KIND_SESSION_EXPIRED: _ClassVar[ChangeKind]
CHANGE_KIND_UNSPECIFIED: ChangeKind
CHANGE_KIND_SET: ChangeKind
CHANGE_KIND_DELETE: ChangeKind
CHANGE_KIND_EXPIRE: ChangeKind
CHANGE_KIND_SESSION_CREATED: ChangeKind
CHANGE_KIND_SESSION_DELETED: ChangeKind
CHANGE_KIND_SESSION_EXPIRED: ChangeKind

class GetVariableRequest(_message.Message):
    __slots__ = ("session_id", "name", "include_info")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_INFO_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    name: str
    include_info: bool
    def __init__(self, session_id: _Optional[str] = ..., name: _Optional[str] = ..., include_info: bool = ...) -> None: ...

class GetVariableResponse(_message.Message):
    __slots__ = ("found", "value", "encoding", "session_revision", "info")
    FOUND_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    SESSION_REVISION_FIELD_NUMBER: _ClassVar[int]
    INFO_FIELD_NUMBER: _ClassVar[int]
    found: bool
    value: bytes
    encoding: str
    session_revision: int
    info: _common_pb2.VariableInfo
    def __init__(self, found: bool = ..., value: _Optional[bytes] = ..., encoding: _Optional[str] = ..., session_revision: _Optional[int] = ..., info: _Optional[_Union[_common_pb2.VariableInfo, _Mapping]] = ...) -> None: ...

class SetVariableRequest(_message.Message):
    __slots__ = ("session_id", "name", "value", "encoding", "ttl", "if_revision", "if_missing", "want_previous", "must_exist", "defaults", "request_id", "resent_after_ms")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    IF_REVISION_FIELD_NUMBER: _ClassVar[int]
    IF_MISSING_FIELD_NUMBER: _ClassVar[int]
    WANT_PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    MUST_EXIST_FIELD_NUMBER: _ClassVar[int]
    DEFAULTS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RESENT_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    name: str
    value: bytes
    encoding: str
    ttl: _common_pb2.Ttl
    if_revision: int
    if_missing: bool
    want_previous: bool
    must_exist: bool
    defaults: _common_pb2.SessionDefaults
    request_id: bytes
    resent_after_ms: int
    def __init__(self, session_id: _Optional[str] = ..., name: _Optional[str] = ..., value: _Optional[bytes] = ..., encoding: _Optional[str] = ..., ttl: _Optional[_Union[_common_pb2.Ttl, _Mapping]] = ..., if_revision: _Optional[int] = ..., if_missing: bool = ..., want_previous: bool = ..., must_exist: bool = ..., defaults: _Optional[_Union[_common_pb2.SessionDefaults, _Mapping]] = ..., request_id: _Optional[bytes] = ..., resent_after_ms: _Optional[int] = ...) -> None: ...

class SetVariableResponse(_message.Message):
    __slots__ = ("applied", "revision", "session_revision", "previous")
    APPLIED_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    SESSION_REVISION_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    applied: bool
    revision: int
    session_revision: int
    previous: _common_pb2.Variable
    def __init__(self, applied: bool = ..., revision: _Optional[int] = ..., session_revision: _Optional[int] = ..., previous: _Optional[_Union[_common_pb2.Variable, _Mapping]] = ...) -> None: ...

class DeleteVariableRequest(_message.Message):
    __slots__ = ("session_id", "name", "if_revision", "want_previous", "must_exist", "request_id", "resent_after_ms")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    IF_REVISION_FIELD_NUMBER: _ClassVar[int]
    WANT_PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    MUST_EXIST_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RESENT_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    name: str
    if_revision: int
    want_previous: bool
    must_exist: bool
    request_id: bytes
    resent_after_ms: int
    def __init__(self, session_id: _Optional[str] = ..., name: _Optional[str] = ..., if_revision: _Optional[int] = ..., want_previous: bool = ..., must_exist: bool = ..., request_id: _Optional[bytes] = ..., resent_after_ms: _Optional[int] = ...) -> None: ...

class DeleteVariableResponse(_message.Message):
    __slots__ = ("deleted", "session_revision", "previous")
    DELETED_FIELD_NUMBER: _ClassVar[int]
    SESSION_REVISION_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    deleted: bool
    session_revision: int
    previous: _common_pb2.Variable
    def __init__(self, deleted: bool = ..., session_revision: _Optional[int] = ..., previous: _Optional[_Union[_common_pb2.Variable, _Mapping]] = ...) -> None: ...

class ListVariablesRequest(_message.Message):
    __slots__ = ("session_id", "prefix", "page_token")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    prefix: str
    page_token: str
    def __init__(self, session_id: _Optional[str] = ..., prefix: _Optional[str] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListVariablesResponse(_message.Message):
    __slots__ = ("variables", "next_page_token", "session_revision")
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SESSION_REVISION_FIELD_NUMBER: _ClassVar[int]
    variables: _containers.RepeatedCompositeFieldContainer[_common_pb2.VariableInfo]
    next_page_token: str
    session_revision: int
    def __init__(self, variables: _Optional[_Iterable[_Union[_common_pb2.VariableInfo, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., session_revision: _Optional[int] = ...) -> None: ...

class GetVariablesRequest(_message.Message):
    __slots__ = ("session_id", "names", "prefix", "include_info", "page_token")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_INFO_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    names: _containers.RepeatedScalarFieldContainer[str]
    prefix: str
    include_info: bool
    page_token: str
    def __init__(self, session_id: _Optional[str] = ..., names: _Optional[_Iterable[str]] = ..., prefix: _Optional[str] = ..., include_info: bool = ..., page_token: _Optional[str] = ...) -> None: ...

class GetVariablesResponse(_message.Message):
    __slots__ = ("values", "custom", "infos", "next_page_token", "session_revision")
    VALUES_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_FIELD_NUMBER: _ClassVar[int]
    INFOS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SESSION_REVISION_FIELD_NUMBER: _ClassVar[int]
    values: bytes
    custom: _containers.RepeatedCompositeFieldContainer[_common_pb2.Variable]
    infos: _containers.RepeatedCompositeFieldContainer[_common_pb2.VariableInfo]
    next_page_token: str
    session_revision: int
    def __init__(self, values: _Optional[bytes] = ..., custom: _Optional[_Iterable[_Union[_common_pb2.Variable, _Mapping]]] = ..., infos: _Optional[_Iterable[_Union[_common_pb2.VariableInfo, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., session_revision: _Optional[int] = ...) -> None: ...

class UpdateVariablesRequest(_message.Message):
    __slots__ = ("session_id", "values", "operations", "independent", "must_exist", "defaults", "request_id", "resent_after_ms")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    INDEPENDENT_FIELD_NUMBER: _ClassVar[int]
    MUST_EXIST_FIELD_NUMBER: _ClassVar[int]
    DEFAULTS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RESENT_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    values: bytes
    operations: _containers.RepeatedCompositeFieldContainer[Operation]
    independent: bool
    must_exist: bool
    defaults: _common_pb2.SessionDefaults
    request_id: bytes
    resent_after_ms: int
    def __init__(self, session_id: _Optional[str] = ..., values: _Optional[bytes] = ..., operations: _Optional[_Iterable[_Union[Operation, _Mapping]]] = ..., independent: bool = ..., must_exist: bool = ..., defaults: _Optional[_Union[_common_pb2.SessionDefaults, _Mapping]] = ..., request_id: _Optional[bytes] = ..., resent_after_ms: _Optional[int] = ...) -> None: ...

class Operation(_message.Message):
    __slots__ = ("name", "if_revision", "want_previous", "set", "delete", "increment", "append", "merge", "clear", "pop_last", "restore", "rollback", "checkpoint", "delete_checkpoint", "declare", "expire")
    NAME_FIELD_NUMBER: _ClassVar[int]
    IF_REVISION_FIELD_NUMBER: _ClassVar[int]
    WANT_PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    SET_FIELD_NUMBER: _ClassVar[int]
    DELETE_FIELD_NUMBER: _ClassVar[int]
    INCREMENT_FIELD_NUMBER: _ClassVar[int]
    APPEND_FIELD_NUMBER: _ClassVar[int]
    MERGE_FIELD_NUMBER: _ClassVar[int]
    CLEAR_FIELD_NUMBER: _ClassVar[int]
    POP_LAST_FIELD_NUMBER: _ClassVar[int]
    RESTORE_FIELD_NUMBER: _ClassVar[int]
    ROLLBACK_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    DELETE_CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    DECLARE_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_FIELD_NUMBER: _ClassVar[int]
    name: str
    if_revision: int
    want_previous: bool
    set: SetOperation
    delete: DeleteOperation
    increment: IncrementOperation
    append: AppendOperation
    merge: MergeOperation
    clear: ClearOperation
    pop_last: PopLastOperation
    restore: RestoreOperation
    rollback: RollbackOperation
    checkpoint: CheckpointOperation
    delete_checkpoint: DeleteCheckpointOperation
    declare: DeclareOperation
    expire: ExpireOperation
    def __init__(self, name: _Optional[str] = ..., if_revision: _Optional[int] = ..., want_previous: bool = ..., set: _Optional[_Union[SetOperation, _Mapping]] = ..., delete: _Optional[_Union[DeleteOperation, _Mapping]] = ..., increment: _Optional[_Union[IncrementOperation, _Mapping]] = ..., append: _Optional[_Union[AppendOperation, _Mapping]] = ..., merge: _Optional[_Union[MergeOperation, _Mapping]] = ..., clear: _Optional[_Union[ClearOperation, _Mapping]] = ..., pop_last: _Optional[_Union[PopLastOperation, _Mapping]] = ..., restore: _Optional[_Union[RestoreOperation, _Mapping]] = ..., rollback: _Optional[_Union[RollbackOperation, _Mapping]] = ..., checkpoint: _Optional[_Union[CheckpointOperation, _Mapping]] = ..., delete_checkpoint: _Optional[_Union[DeleteCheckpointOperation, _Mapping]] = ..., declare: _Optional[_Union[DeclareOperation, _Mapping]] = ..., expire: _Optional[_Union[ExpireOperation, _Mapping]] = ...) -> None: ...

class SetOperation(_message.Message):
    __slots__ = ("value", "encoding", "ttl", "if_missing")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    IF_MISSING_FIELD_NUMBER: _ClassVar[int]
    value: bytes
    encoding: str
    ttl: _common_pb2.Ttl
    if_missing: bool
    def __init__(self, value: _Optional[bytes] = ..., encoding: _Optional[str] = ..., ttl: _Optional[_Union[_common_pb2.Ttl, _Mapping]] = ..., if_missing: bool = ...) -> None: ...

class DeleteOperation(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class IncrementOperation(_message.Message):
    __slots__ = ("by",)
    BY_FIELD_NUMBER: _ClassVar[int]
    by: bytes
    def __init__(self, by: _Optional[bytes] = ...) -> None: ...

class AppendOperation(_message.Message):
    __slots__ = ("value", "keep_last")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    KEEP_LAST_FIELD_NUMBER: _ClassVar[int]
    value: bytes
    keep_last: int
    def __init__(self, value: _Optional[bytes] = ..., keep_last: _Optional[int] = ...) -> None: ...

class MergeOperation(_message.Message):
    __slots__ = ("values", "path", "remove")
    VALUES_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    REMOVE_FIELD_NUMBER: _ClassVar[int]
    values: bytes
    path: _containers.RepeatedScalarFieldContainer[str]
    remove: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, values: _Optional[bytes] = ..., path: _Optional[_Iterable[str]] = ..., remove: _Optional[_Iterable[str]] = ...) -> None: ...

class ClearOperation(_message.Message):
    __slots__ = ("prefix",)
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    prefix: str
    def __init__(self, prefix: _Optional[str] = ...) -> None: ...

class PopLastOperation(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RestoreOperation(_message.Message):
    __slots__ = ("revision",)
    REVISION_FIELD_NUMBER: _ClassVar[int]
    revision: int
    def __init__(self, revision: _Optional[int] = ...) -> None: ...

class RollbackOperation(_message.Message):
    __slots__ = ("label",)
    LABEL_FIELD_NUMBER: _ClassVar[int]
    label: str
    def __init__(self, label: _Optional[str] = ...) -> None: ...

class CheckpointOperation(_message.Message):
    __slots__ = ("label",)
    LABEL_FIELD_NUMBER: _ClassVar[int]
    label: str
    def __init__(self, label: _Optional[str] = ...) -> None: ...

class DeleteCheckpointOperation(_message.Message):
    __slots__ = ("label",)
    LABEL_FIELD_NUMBER: _ClassVar[int]
    label: str
    def __init__(self, label: _Optional[str] = ...) -> None: ...

class DeclareOperation(_message.Message):
    __slots__ = ("schema",)
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    schema: bytes
    def __init__(self, schema: _Optional[bytes] = ...) -> None: ...

class ExpireOperation(_message.Message):
    __slots__ = ("ttl",)
    TTL_FIELD_NUMBER: _ClassVar[int]
    ttl: _common_pb2.Ttl
    def __init__(self, ttl: _Optional[_Union[_common_pb2.Ttl, _Mapping]] = ...) -> None: ...

class OperationResult(_message.Message):
    __slots__ = ("applied", "revision", "previous", "number", "count", "error")
    APPLIED_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    applied: bool
    revision: int
    previous: _common_pb2.Variable
    number: bytes
    count: int
    error: OperationError
    def __init__(self, applied: bool = ..., revision: _Optional[int] = ..., previous: _Optional[_Union[_common_pb2.Variable, _Mapping]] = ..., number: _Optional[bytes] = ..., count: _Optional[int] = ..., error: _Optional[_Union[OperationError, _Mapping]] = ...) -> None: ...

class OperationError(_message.Message):
    __slots__ = ("code", "reason", "message", "metadata")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CODE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    code: int
    reason: str
    message: str
    metadata: _containers.ScalarMap[str, str]
    def __init__(self, code: _Optional[int] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ...) -> None: ...

class UpdateVariablesResponse(_message.Message):
    __slots__ = ("results", "session_revision", "value_errors")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    SESSION_REVISION_FIELD_NUMBER: _ClassVar[int]
    VALUE_ERRORS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[OperationResult]
    session_revision: int
    value_errors: _containers.RepeatedCompositeFieldContainer[OperationError]
    def __init__(self, results: _Optional[_Iterable[_Union[OperationResult, _Mapping]]] = ..., session_revision: _Optional[int] = ..., value_errors: _Optional[_Iterable[_Union[OperationError, _Mapping]]] = ...) -> None: ...

class WatchVariablesRequest(_message.Message):
    __slots__ = ("session_id", "names", "prefix", "since", "without_values")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_VALUES_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    names: _containers.RepeatedScalarFieldContainer[str]
    prefix: str
    since: int
    without_values: bool
    def __init__(self, session_id: _Optional[str] = ..., names: _Optional[_Iterable[str]] = ..., prefix: _Optional[str] = ..., since: _Optional[int] = ..., without_values: bool = ...) -> None: ...

class WatchVariablesResponse(_message.Message):
    __slots__ = ("changes", "revision", "caught_up")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CAUGHT_UP_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[VariableChange]
    revision: int
    caught_up: bool
    def __init__(self, changes: _Optional[_Iterable[_Union[VariableChange, _Mapping]]] = ..., revision: _Optional[int] = ..., caught_up: bool = ...) -> None: ...

class VariableChange(_message.Message):
    __slots__ = ("kind", "name", "revision", "variable", "last")
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    VARIABLE_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    kind: ChangeKind
    name: str
    revision: int
    variable: _common_pb2.Variable
    last: bool
    def __init__(self, kind: _Optional[_Union[ChangeKind, str]] = ..., name: _Optional[str] = ..., revision: _Optional[int] = ..., variable: _Optional[_Union[_common_pb2.Variable, _Mapping]] = ..., last: bool = ...) -> None: ...

class GetVariableHistoryRequest(_message.Message):
    __slots__ = ("session_id", "name", "before", "limit")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    name: str
    before: int
    limit: int
    def __init__(self, session_id: _Optional[str] = ..., name: _Optional[str] = ..., before: _Optional[int] = ..., limit: _Optional[int] = ...) -> None: ...

class GetVariableHistoryResponse(_message.Message):
    __slots__ = ("entries", "next_before", "session_revision")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_BEFORE_FIELD_NUMBER: _ClassVar[int]
    SESSION_REVISION_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[HistoryEntry]
    next_before: int
    session_revision: int
    def __init__(self, entries: _Optional[_Iterable[_Union[HistoryEntry, _Mapping]]] = ..., next_before: _Optional[int] = ..., session_revision: _Optional[int] = ...) -> None: ...

class HistoryEntry(_message.Message):
    __slots__ = ("kind", "revision", "at_ms", "variable")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[HistoryEntry.Kind]
        KIND_SET: _ClassVar[HistoryEntry.Kind]
        KIND_DELETE: _ClassVar[HistoryEntry.Kind]
        KIND_EXPIRE: _ClassVar[HistoryEntry.Kind]
    KIND_UNSPECIFIED: HistoryEntry.Kind
    KIND_SET: HistoryEntry.Kind
    KIND_DELETE: HistoryEntry.Kind
    KIND_EXPIRE: HistoryEntry.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    VARIABLE_FIELD_NUMBER: _ClassVar[int]
    kind: HistoryEntry.Kind
    revision: int
    at_ms: int
    variable: _common_pb2.Variable
    def __init__(self, kind: _Optional[_Union[HistoryEntry.Kind, str]] = ..., revision: _Optional[int] = ..., at_ms: _Optional[int] = ..., variable: _Optional[_Union[_common_pb2.Variable, _Mapping]] = ...) -> None: ...

class ListDeclarationsRequest(_message.Message):
    __slots__ = ("session_id",)
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    def __init__(self, session_id: _Optional[str] = ...) -> None: ...

class ListDeclarationsResponse(_message.Message):
    __slots__ = ("declarations", "session_revision")
    DECLARATIONS_FIELD_NUMBER: _ClassVar[int]
    SESSION_REVISION_FIELD_NUMBER: _ClassVar[int]
    declarations: _containers.RepeatedCompositeFieldContainer[Declaration]
    session_revision: int
    def __init__(self, declarations: _Optional[_Iterable[_Union[Declaration, _Mapping]]] = ..., session_revision: _Optional[int] = ...) -> None: ...

class Declaration(_message.Message):
    __slots__ = ("name", "schema", "revision")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    name: str
    schema: bytes
    revision: int
    def __init__(self, name: _Optional[str] = ..., schema: _Optional[bytes] = ..., revision: _Optional[int] = ...) -> None: ...
