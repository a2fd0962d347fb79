import { NativeSelect, Select } from '@mantine/core'

interface Props {
  readonly projects: readonly string[]
  readonly project: string
  onChoose(project: string): void
  /** Somebody is about to choose: the list should be true. */
  onOpen(): void
}

/** So many are read at a glance; more are searched. */
const AT_A_GLANCE = 12

export function ProjectSwitch({ projects, project, onChoose, onOpen }: Props) {
  const names = projects.includes(project) ? projects : [project, ...projects]
  if (names.length <= AT_A_GLANCE) {
    return (
      <NativeSelect
        aria-label="Project"
        size="xs"
        className="project-switch"
        data={[...names]}
        value={project}
        onFocus={onOpen}
        onChange={event => onChoose(event.currentTarget.value)}
      />
    )
  }
  return (
    <Select
      aria-label="Project"
      size="xs"
      className="project-switch"
      data={[...names]}
      value={project}
      searchable
      allowDeselect={false}
      selectFirstOptionOnChange
      nothingFoundMessage="No project of yours is called so"
      maxDropdownHeight={420}
      comboboxProps={{ transitionProps: { duration: 0 }, width: 280, position: 'bottom-start' }}
      onDropdownOpen={onOpen}
      onChange={name => name !== null && onChoose(name)}
    />
  )
}
