from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DirectFrameKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DIRECT_FRAME_KIND_UNSPECIFIED: _ClassVar[DirectFrameKind]
    DIRECT_FRAME_KIND_HELLO: _ClassVar[DirectFrameKind]
    DIRECT_FRAME_KIND_WELCOME: _ClassVar[DirectFrameKind]
    DIRECT_FRAME_KIND_CALL: _ClassVar[DirectFrameKind]
    DIRECT_FRAME_KIND_ANSWER: _ClassVar[DirectFrameKind]
    DIRECT_FRAME_KIND_ERROR: _ClassVar[DirectFrameKind]
    DIRECT_FRAME_KIND_CANCEL: _ClassVar[DirectFrameKind]
    DIRECT_FRAME_KIND_ITEM: _ClassVar[DirectFrameKind]
    DIRECT_FRAME_KIND_END: _ClassVar[DirectFrameKind]
    DIRECT_FRAME_KIND_CREDIT: _ClassVar[DirectFrameKind]
    DIRECT_FRAME_KIND_PING: _ClassVar[DirectFrameKind]
    DIRECT_FRAME_KIND_PONG: _ClassVar[DirectFrameKind]
    DIRECT_FRAME_KIND_GO_AWAY: _ClassVar[DirectFrameKind]

class DirectGoAway(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DIRECT_GO_AWAY_UNSPECIFIED: _ClassVar[DirectGoAway]
    DIRECT_GO_AWAY_SHUTTING_DOWN: _ClassVar[DirectGoAway]
    DIRECT_GO_AWAY_DONE: _ClassVar[DirectGoAway]

class DirectMethod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DIRECT_METHOD_UNSPECIFIED: _ClassVar[DirectMethod]
    DIRECT_METHOD_CREATE_SESSION: _ClassVar[DirectMethod]
    DIRECT_METHOD_GET_SESSION: _ClassVar[DirectMethod]
    DIRECT_METHOD_LIST_SESSIONS: _ClassVar[DirectMethod]
    DIRECT_METHOD_TOUCH_SESSION: _ClassVar[DirectMethod]
    DIRECT_METHOD_DELETE_SESSION: _ClassVar[DirectMethod]
    DIRECT_METHOD_GET_SERVER_INFO: _ClassVar[DirectMethod]
    DIRECT_METHOD_GET_VARIABLE: _ClassVar[DirectMethod]
    DIRECT_METHOD_SET_VARIABLE: _ClassVar[DirectMethod]
    DIRECT_METHOD_DELETE_VARIABLE: _ClassVar[DirectMethod]
    DIRECT_METHOD_LIST_VARIABLES: _ClassVar[DirectMethod]
    DIRECT_METHOD_GET_VARIABLES: _ClassVar[DirectMethod]
    DIRECT_METHOD_UPDATE_VARIABLES: _ClassVar[DirectMethod]
    DIRECT_METHOD_WATCH_VARIABLES: _ClassVar[DirectMethod]
    DIRECT_METHOD_FORK_SESSION: _ClassVar[DirectMethod]
    DIRECT_METHOD_LIST_CHECKPOINTS: _ClassVar[DirectMethod]
    DIRECT_METHOD_GET_VARIABLE_HISTORY: _ClassVar[DirectMethod]
    DIRECT_METHOD_LIST_DECLARATIONS: _ClassVar[DirectMethod]
DIRECT_FRAME_KIND_UNSPECIFIED: DirectFrameKind
DIRECT_FRAME_KIND_HELLO: DirectFrameKind
DIRECT_FRAME_KIND_WELCOME: DirectFrameKind
DIRECT_FRAME_KIND_CALL: DirectFrameKind
DIRECT_FRAME_KIND_ANSWER: DirectFrameKind
DIRECT_FRAME_KIND_ERROR: DirectFrameKind
DIRECT_FRAME_KIND_CANCEL: DirectFrameKind
DIRECT_FRAME_KIND_ITEM: DirectFrameKind
DIRECT_FRAME_KIND_END: DirectFrameKind
DIRECT_FRAME_KIND_CREDIT: DirectFrameKind
DIRECT_FRAME_KIND_PING: DirectFrameKind
DIRECT_FRAME_KIND_PONG: DirectFrameKind
DIRECT_FRAME_KIND_GO_AWAY: DirectFrameKind
DIRECT_GO_AWAY_UNSPECIFIED: DirectGoAway
DIRECT_GO_AWAY_SHUTTING_DOWN: DirectGoAway
DIRECT_GO_AWAY_DONE: DirectGoAway
DIRECT_METHOD_UNSPECIFIED: DirectMethod
DIRECT_METHOD_CREATE_SESSION: DirectMethod
DIRECT_METHOD_GET_SESSION: DirectMethod
DIRECT_METHOD_LIST_SESSIONS: DirectMethod
DIRECT_METHOD_TOUCH_SESSION: DirectMethod
DIRECT_METHOD_DELETE_SESSION: DirectMethod
DIRECT_METHOD_GET_SERVER_INFO: DirectMethod
DIRECT_METHOD_GET_VARIABLE: DirectMethod
DIRECT_METHOD_SET_VARIABLE: DirectMethod
DIRECT_METHOD_DELETE_VARIABLE: DirectMethod
DIRECT_METHOD_LIST_VARIABLES: DirectMethod
DIRECT_METHOD_GET_VARIABLES: DirectMethod
DIRECT_METHOD_UPDATE_VARIABLES: DirectMethod
DIRECT_METHOD_WATCH_VARIABLES: DirectMethod
DIRECT_METHOD_FORK_SESSION: DirectMethod
DIRECT_METHOD_LIST_CHECKPOINTS: DirectMethod
DIRECT_METHOD_GET_VARIABLE_HISTORY: DirectMethod
DIRECT_METHOD_LIST_DECLARATIONS: DirectMethod

class DirectHello(_message.Message):
    __slots__ = ("version", "client", "max_message_bytes", "answers_pings", "credentials")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CLIENT_FIELD_NUMBER: _ClassVar[int]
    MAX_MESSAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_PINGS_FIELD_NUMBER: _ClassVar[int]
    CREDENTIALS_FIELD_NUMBER: _ClassVar[int]
    version: int
    client: str
    max_message_bytes: int
    answers_pings: bool
    credentials: DirectCredentials
    def __init__(self, version: _Optional[int] = ..., client: _Optional[str] = ..., max_message_bytes: _Optional[int] = ..., answers_pings: bool = ..., credentials: _Optional[_Union[DirectCredentials, _Mapping]] = ...) -> None: ...

class DirectCredentials(_message.Message):
    __slots__ = ("token",)
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    token: str
    def __init__(self, token: _Optional[str] = ...) -> None: ...

class DirectWelcome(_message.Message):
    __slots__ = ("version", "server_version", "max_message_bytes", "max_calls", "max_streams", "methods")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SERVER_VERSION_FIELD_NUMBER: _ClassVar[int]
    MAX_MESSAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_CALLS_FIELD_NUMBER: _ClassVar[int]
    MAX_STREAMS_FIELD_NUMBER: _ClassVar[int]
    METHODS_FIELD_NUMBER: _ClassVar[int]
    version: int
    server_version: str
    max_message_bytes: int
    max_calls: int
    max_streams: int
    methods: _containers.RepeatedScalarFieldContainer[DirectMethod]
    def __init__(self, version: _Optional[int] = ..., server_version: _Optional[str] = ..., max_message_bytes: _Optional[int] = ..., max_calls: _Optional[int] = ..., max_streams: _Optional[int] = ..., methods: _Optional[_Iterable[_Union[DirectMethod, str]]] = ...) -> None: ...

class DirectMetadata(_message.Message):
    __slots__ = ("traceparent", "tracestate")
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    TRACESTATE_FIELD_NUMBER: _ClassVar[int]
    traceparent: str
    tracestate: str
    def __init__(self, traceparent: _Optional[str] = ..., tracestate: _Optional[str] = ...) -> None: ...
