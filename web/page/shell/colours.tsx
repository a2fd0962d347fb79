import { type MantineColorScheme, Menu, useMantineColorScheme } from '@mantine/core'

const schemes: readonly (readonly [MantineColorScheme, string])[] = [
  ['light', 'Light'],
  ['dark', 'Dark'],
  ['auto', 'As this computer'],
]

/** Light, dark or as the system has it; items of a menu. */
export function Colours() {
  // Without this a style element is made of text, which the policy of the page forbids.
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  return (
    <>
      <Menu.Label>Colours</Menu.Label>
      <Menu.RadioGroup value={colorScheme} onChange={chosen => setColorScheme(chosen as MantineColorScheme)}>
        {schemes.map(([scheme, words]) => (
          <Menu.RadioItem key={scheme} value={scheme}>
            {words}
          </Menu.RadioItem>
        ))}
      </Menu.RadioGroup>
    </>
  )
}
