import protobuf from 'protobufjs';
import type { Attribute, Constant, ElementType, FinishedGraph, GraphNode, Port } from './graph.ts';

/** The operator set that lowerings are written against. */
const OPSET = 18;
const IR_VERSION = 8;

/** The part of onnx.proto3 (github.com/onnx/onnx) that we write: field names and numbers are the format's. */
const schema = protobuf.parse(`syntax = "proto3";
message Dimension { int64 dim_value = 1; }
message Shape { repeated Dimension dim = 1; }
message TensorType { int32 elem_type = 1; Shape shape = 2; }
message Type { TensorType tensor_type = 1; }
message ValueInfo { string name = 1; Type type = 2; }
message AttributeProto { string name = 1; float f = 2; int64 i = 3; bytes s = 4; GraphProto g = 6; repeated float floats = 7; repeated int64 ints = 8; int32 type = 20; }
message Node { repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4; repeated AttributeProto attribute = 5; string domain = 7; }
message TensorProto { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
message GraphProto { repeated Node node = 1; string name = 2; repeated TensorProto initializer = 5; repeated ValueInfo input = 11; repeated ValueInfo output = 12; }
message OperatorSet { string domain = 1; int64 version = 2; }
message Model { int64 ir_version = 1; string producer_name = 2; GraphProto graph = 7; repeated OperatorSet opset_import = 8; }`).root;
const Model = schema.lookupType('Model');

const ELEMENT: Readonly<Record<ElementType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9 };

/** The graph as an ONNX model file: what ONNX Runtime loads and Netron opens. */
export function encodeModel(graph: FinishedGraph, name: string): Uint8Array {
  return Model.encode(
    Model.create({
      irVersion: IR_VERSION,
      producerName: 'lightbulb',
      opsetImport: [
        { domain: '', version: OPSET },
        { domain: 'com.microsoft', version: 1 },
      ],
      graph: encodeGraph(graph, name),
    }),
  ).finish();
}

function encodeGraph({ nodes, constants, inputs, outputs }: FinishedGraph, name: string): object {
  return {
    name,
    node: nodes.map(encodeNode),
    initializer: constants.map(encodeConstant),
    input: inputs.map(encodePort),
    output: outputs.map(encodePort),
  };
}

function encodePort({ name, type, shape }: Port): object {
  const dim = shape.map((dimValue) => ({ dimValue }));
  return { name, type: { tensorType: { elemType: ELEMENT[type], shape: { dim } } } };
}

function encodeConstant({ name, type, shape, data }: Constant): object {
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { name, dataType: ELEMENT[type], dims: shape, rawData };
}

function encodeNode({ operator, name, inputs, outputs, attributes, domain }: GraphNode): object {
  const attribute = Object.entries(attributes).map(([key, value]) => encodeAttribute(key, value));
  return { opType: operator, name, input: inputs, output: outputs, attribute, domain: domain ?? '' };
}

function encodeAttribute(name: string, value: Attribute): object {
  if (typeof value === 'number') return { name, i: value, type: 2 };
  if (typeof value === 'string') return { name, s: new TextEncoder().encode(value), type: 3 };
  if ('float' in value) return { name, f: value.float, type: 1 };
  if ('graph' in value) return { name, g: encodeGraph(value.graph, name), type: 5 };
  return { name, ints: value, type: 7 };
}
