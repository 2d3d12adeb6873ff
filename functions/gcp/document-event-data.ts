/**
 * `google.events.cloud.firestore.v1.DocumentEventData`: the protobuf message in which Firestore tells of a write.
 *
 * Field by field as Google declares it; only the values of pipelines, which no stored document holds, are left out.
 * The official client ships the same types among all others of its API, which would be most of a function's bundle.
 * (https://github.com/googleapis/google-cloudevents/blob/main/proto/google/events/cloud/firestore/v1/data.proto)
 */
import protobuf from 'protobufjs/light.js'

const value = {
  oneofs: {
    valueType: {
      oneof: [
        'nullValue',
        'booleanValue',
        'integerValue',
        'doubleValue',
        'timestampValue',
        'stringValue',
        'bytesValue',
        'referenceValue',
        'geoPointValue',
        'arrayValue',
        'mapValue',
      ],
    },
  },
  fields: {
    nullValue: { type: 'NullValue', id: 11 },
    booleanValue: { type: 'bool', id: 1 },
    integerValue: { type: 'int64', id: 2 },
    doubleValue: { type: 'double', id: 3 },
    timestampValue: { type: 'Timestamp', id: 10 },
    stringValue: { type: 'string', id: 17 },
    bytesValue: { type: 'bytes', id: 18 },
    referenceValue: { type: 'string', id: 5 },
    geoPointValue: { type: 'LatLng', id: 8 },
    arrayValue: { type: 'ArrayValue', id: 9 },
    mapValue: { type: 'MapValue', id: 6 },
  },
}

const fieldsByName = { keyType: 'string', type: 'Value' }

const root = protobuf.Root.fromJSON({
  nested: {
    NullValue: { values: { NULL_VALUE: 0 } },
    Timestamp: { fields: { seconds: { type: 'int64', id: 1 }, nanos: { type: 'int32', id: 2 } } },
    LatLng: { fields: { latitude: { type: 'double', id: 1 }, longitude: { type: 'double', id: 2 } } },
    Value: value,
    ArrayValue: { fields: { values: { rule: 'repeated', type: 'Value', id: 1 } } },
    MapValue: { fields: { fields: { ...fieldsByName, id: 1 } } },
    Document: {
      fields: {
        name: { type: 'string', id: 1 },
        fields: { ...fieldsByName, id: 2 },
        createTime: { type: 'Timestamp', id: 3 },
        updateTime: { type: 'Timestamp', id: 4 },
      },
    },
    DocumentMask: { fields: { fieldPaths: { rule: 'repeated', type: 'string', id: 1 } } },
    DocumentEventData: {
      fields: {
        value: { type: 'Document', id: 1 },
        oldValue: { type: 'Document', id: 2 },
        updateMask: { type: 'DocumentMask', id: 3 },
      },
    },
  },
})

export const documentEventData = root.lookupType('DocumentEventData')
