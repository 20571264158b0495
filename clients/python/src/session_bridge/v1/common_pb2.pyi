from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Ttl(_message.Message):
    __slots__ = ("ttl_ms", "never", "keep")
    TTL_MS_FIELD_NUMBER: _ClassVar[int]
    NEVER_FIELD_NUMBER: _ClassVar[int]
    KEEP_FIELD_NUMBER: _ClassVar[int]
    ttl_ms: int
    never: bool
    keep: bool
    def __init__(self, ttl_ms: _Optional[int] = ..., never: bool = ..., keep: bool = ...) -> None: ...

class SessionDefaults(_message.Message):
    __slots__ = ("ttl", "labels")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TTL_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    ttl: Ttl
    labels: _containers.ScalarMap[str, str]
    def __init__(self, ttl: _Optional[_Union[Ttl, _Mapping]] = ..., labels: _Optional[_Mapping[str, str]] = ...) -> None: ...

class SessionInfo(_message.Message):
    __slots__ = ("session_id", "labels", "revision", "variable_count", "size_bytes", "created_at_ms", "accessed_at_ms", "expires_at_ms", "ttl_ms", "ends_at_ms", "history_entries")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    VARIABLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    ACCESSED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_MS_FIELD_NUMBER: _ClassVar[int]
    TTL_MS_FIELD_NUMBER: _ClassVar[int]
    ENDS_AT_MS_FIELD_NUMBER: _ClassVar[int]
    HISTORY_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    labels: _containers.ScalarMap[str, str]
    revision: int
    variable_count: int
    size_bytes: int
    created_at_ms: int
    accessed_at_ms: int
    expires_at_ms: int
    ttl_ms: int
    ends_at_ms: int
    history_entries: int
    def __init__(self, session_id: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., revision: _Optional[int] = ..., variable_count: _Optional[int] = ..., size_bytes: _Optional[int] = ..., created_at_ms: _Optional[int] = ..., accessed_at_ms: _Optional[int] = ..., expires_at_ms: _Optional[int] = ..., ttl_ms: _Optional[int] = ..., ends_at_ms: _Optional[int] = ..., history_entries: _Optional[int] = ...) -> None: ...

class VariableInfo(_message.Message):
    __slots__ = ("name", "type", "size_bytes", "revision", "created_at_ms", "updated_at_ms", "expires_at_ms", "encoding")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_MS_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: str
    size_bytes: int
    revision: int
    created_at_ms: int
    updated_at_ms: int
    expires_at_ms: int
    encoding: str
    def __init__(self, name: _Optional[str] = ..., type: _Optional[str] = ..., size_bytes: _Optional[int] = ..., revision: _Optional[int] = ..., created_at_ms: _Optional[int] = ..., updated_at_ms: _Optional[int] = ..., expires_at_ms: _Optional[int] = ..., encoding: _Optional[str] = ...) -> None: ...

class Variable(_message.Message):
    __slots__ = ("info", "value")
    INFO_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    info: VariableInfo
    value: bytes
    def __init__(self, info: _Optional[_Union[VariableInfo, _Mapping]] = ..., value: _Optional[bytes] = ...) -> None: ...
