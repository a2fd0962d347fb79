import type { Column, Kind } from '../../crds/v1alpha1/kinds.ts'
import { GROUP, VERSION } from '../../crds/v1alpha1/meta.ts'
import { explained } from './explained.ts'
import { type Schema, structural } from './structural.ts'

/** The category by which `kubectl get countersign` lists every kind. */
const CATEGORY = 'countersign'

/** The schema of a kind's objects. */
export function rootSchema(kind: Kind): Schema {
  const { spec, status, rules } = kind
  return {
    type: 'object',
    description: kind.description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string', description: `Always ${GROUP}/${VERSION}.` },
      kind: { type: 'string', description: `Always ${kind.resource.kind}.` },
      // The rules on names blame this field, so it must be declared.
      metadata: { type: 'object', ...(rules && { properties: { name: { type: 'string' } } }) },
      spec: { ...structural(spec.schema), description: spec.description },
      ...(status && {
        status: {
          ...structural(status.schema),
          description: status.description,
          ...(status.initially !== undefined && { default: status.initially }),
        },
      }),
    },
    ...(rules && { 'x-kubernetes-validations': rules }),
  }
}

const printerColumn = ({ name, type, jsonPath, description, wide }: Column) => ({
  name,
  type,
  jsonPath,
  description,
  ...(wide && { priority: 1 }),
})

/** The CustomResourceDefinition of a kind. */
export function customResourceDefinition(kind: Kind) {
  const { resource, singular, shortNames, columns, selectableFields } = kind
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${resource.plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        kind: resource.kind,
        listKind: `${resource.kind}List`,
        plural: resource.plural,
        singular,
        shortNames,
        categories: [CATEGORY],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns.map(printerColumn),
          ...(selectableFields && { selectableFields: selectableFields.map(jsonPath => ({ jsonPath })) }),
          schema: { openAPIV3Schema: explained(rootSchema(kind)) },
        },
      ],
    },
  }
}
